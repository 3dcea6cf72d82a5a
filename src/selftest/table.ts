/** Every op case there is. */
import type { OpCase } from './case.ts'
import { attentionCases } from './cases/attention.ts'
import { batchCases } from './cases/batch.ts'
import { conditionCases } from './cases/condition.ts'
import { contrastiveCases } from './cases/contrastive.ts'
import { drawCases } from './cases/draw.ts'
import { extentCases } from './cases/extent.ts'
import { featureCases } from './cases/features.ts'
import { linearCases } from './cases/linear.ts'
import { linearBackwardCases } from './cases/linear_backward.ts'
import { linearTangentCases } from './cases/linear_tangent.ts'
import { lossCases } from './cases/loss.ts'
import { modulateCases } from './cases/modulate.ts'
import { optimizerCases } from './cases/optimizer.ts'
import { patchifyCases } from './cases/patchify.ts'
import { posteriorCases } from './cases/posterior.ts'
import { probeCases } from './cases/probe.ts'
import { readingCases } from './cases/reading.ts'
import { solverCases } from './cases/solver.ts'

export const cases: readonly OpCase[] = [
  ...linearCases, ...linearBackwardCases, ...linearTangentCases, ...modulateCases, ...attentionCases, ...patchifyCases, ...conditionCases, ...featureCases,
  ...contrastiveCases, ...lossCases, ...optimizerCases, ...drawCases, ...batchCases, ...extentCases, ...probeCases, ...readingCases, ...solverCases, ...posteriorCases,
]

/**
 * What a driver could get wrong by itself, one small case each: register tiles, subgroups, sums over rows, exp, workgroup memory, integer arithmetic.
 * Chosen among the quick to compile, for they stand between the visitor and the page: under 0.3 s on SwiftShader with two cores.
 */
const STARTUP = new Set([101, 111, 301, 403, 901, 1201])
export const startupCases: readonly OpCase[] = cases.filter(({ seed }) => STARTUP.has(seed))
