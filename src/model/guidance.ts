/**
 * What sampling makes of a net's velocity with and without labels: classifier-free guidance v = v_∅ + w (v_y − v_∅) (Ho and Salimans, arXiv 2207.12598),
 * inside an interval of noise levels (Kynkäänniemi et al., arXiv 2404.07724), and what contrastive flow matching (arXiv 2506.05350) pushed away put back.
 *
 * ΔFM's minimum is v_Δ = (v − λT̂)/(1 − λ), v that of flow matching, T̂ the mean target of the samples it is pushed from. Each of them has a level of its own, so
 * that T̂ = E[α′(t)] E[x0] is the same at every level: −E[x0] on the linear path, and on others where training draws levels evenly and the path leads from the
 * image to none of it. So v = (1−λ) v_Δ + λT̂, exactly at the minimum and with every solver. The paper's sampler does so in the guidance interval alone.
 */
import { type Config, passOf } from '../config.ts'
import type { RunData } from '../datasets/dataset.ts'
import { placeOn } from '../flow/place.ts'
import { meanOverTimes, timeSamplerOf } from '../flow/times.ts'
import { resolveReplica } from './replica.ts'

/** v = own · what the last pass said + held · what the first of two said + mean · T̂ */
export interface Mix {
  own: number
  held: number
  mean: number
  /** One pass, or a first one with labels that is held. */
  twice: boolean
  /** Whether the last pass is told labels. */
  labelled: boolean
}

/** Weights of v_Δ and of T̂ in flow matching's velocity; they add up to 1. */
interface Correction {
  own: number
  mean: number
}

const NONE: Correction = { own: 1, mean: 0 }

/** Whether a net of such a run knows the velocity without labels. */
export const isGuidable = ({ net }: Pick<Config, 'net'>): boolean => net.classes > 0 && net.labelDrop > 0

/** Whether a replica is trained by contrastive flow matching, which alone has something to put back. */
const isPushed = (config: Config, r: number): boolean => resolveReplica(config, config.replicas[r]).method.term === 'negatives'

export const isCorrectable = (config: Config): boolean => config.replicas.some((_, r) => isPushed(config, r))

/** What ΔFM pushed away from replica r's velocity. λ counts as it is in the end, not as it is ramped. */
function pushOf(config: Config, r: number): Correction {
  const { objective: { lambda, negatives }, train } = resolveReplica(config, config.replicas[r])
  // Of a permutation of B, a batch or micro-batch, one in B is the sample itself, whose target it is to reach: v_Δ = ((1 − λ/B) v − λ(1 − 1/B) T̂)/(1 − λ).
  const itself = negatives === 'permutation' ? 1 / passOf(train) : 0
  return { own: (1 - lambda) / (1 - lambda * itself), mean: (lambda * (1 - itself)) / (1 - lambda * itself) }
}

/** The same of the velocity with labels, and of that without; nothing where nobody asks for it. */
function correctionsOf(config: Config, r: number): { labelled: Correction; unlabelled: Correction } {
  if (!config.evaluate.correction || !isPushed(config, r)) return { labelled: NONE, unlabelled: NONE }
  const labelled = pushOf(config, r)
  return { labelled, unlabelled: resolveReplica(config, config.replicas[r]).objective.nullSkip && isGuidable(config) ? NONE : labelled }
}

/** How replica r's velocity at level t is made. */
export function mixOf(config: Config, r: number, t: number): Mix {
  const { guidance, guidanceFrom, guidanceTo } = config.evaluate
  const { labelled, unlabelled } = correctionsOf(config, r)
  const w = isGuidable(config) && t >= guidanceFrom && t <= guidanceTo ? guidance : 1
  if (w === 1) return { ...labelled, held: 0, twice: false, labelled: true }
  if (w === 0) return { ...unlabelled, held: 0, twice: false, labelled: false }
  return { own: (1 - w) * unlabelled.own, held: w * labelled.own, mean: w * labelled.mean + (1 - w) * unlabelled.mean, twice: true, labelled: false }
}

/** Whether it is what the pass said and nothing else. */
export const isPlain = ({ own, held, mean }: Mix): boolean => own === 1 && held === 0 && mean === 0

/** How samples are steered, in parts of a sentence; none where they are drawn as trained. */
export function guidanceSaid(config: Config): string[] {
  const { guidance, guidanceFrom, guidanceTo, correction } = config.evaluate
  const where = guidanceFrom > 0 || guidanceTo < 1 ? ` from t = ${guidanceFrom} to ${guidanceTo}` : ''
  return [...(isGuidable(config) && guidance !== 1 ? [`guidance ${guidance}${where}`] : []), ...(correction && isCorrectable(config) ? ['ΔFM corrected'] : [])]
}

/** Forward passes of a velocity on average over t. */
export function passesOf(config: Config): number {
  const { guidance, guidanceFrom, guidanceTo } = config.evaluate
  return isGuidable(config) && guidance !== 0 && guidance !== 1 ? 1 + guidanceTo - guidanceFrom : 1
}

/** Why samples cannot be drawn so, in one sentence; undefined when they can. */
export function refuseGuidance(config: Config): string | undefined {
  const { guidance, correction } = config.evaluate
  const closed = (_: unknown, r: number) => {
    const { negatives, nullSkip } = resolveReplica(config, config.replicas[r]).objective
    return !isPushed(config, r) || negatives !== 'other-class' || nullSkip
  }
  if (!correction || guidance === 1 || config.replicas.every(closed)) return undefined
  return 'evaluate.correction: what negatives of other classes push from the velocity without labels has no closed form; take objective.nullSkip, negatives any, or guidance 1'
}

/** Sums of images by class, (K,d), and how many there are, among the first `images`. */
interface ClassSums {
  sums: Float64Array
  counts: Float64Array
}

const known = new WeakMap<Float32Array, Map<number, ClassSums>>()

function classSums({ train, trainLabels }: Pick<RunData, 'train' | 'trainLabels'>, images: number): ClassSums {
  const found = known.get(train) ?? new Map<number, ClassSums>()
  known.set(train, found)
  const before = found.get(images)
  if (before) return before
  const d = train.length / trainLabels.length
  const K = 1 + trainLabels.reduce((most, label) => Math.max(most, label), 0)
  const made = { sums: new Float64Array(K * d), counts: new Float64Array(K) }
  for (let i = 0; i < images; i++) {
    made.counts[trainLabels[i]]++
    for (let k = 0; k < d; k++) made.sums[trainLabels[i] * d + k] += train[i * d + k]
  }
  found.set(images, made)
  return made
}

/** E[α′(t)] over the levels that replica r is trained at. */
export function meanSlope(config: Config, r: number): number {
  const { objective, method, path } = resolveReplica(config, config.replicas[r])
  return meanOverTimes(method.knobs(objective).times ?? timeSamplerOf(objective), t => placeOn(path, t).dalpha)
}

/** T̂ of replica r's negatives for a sample with each of these labels: (n,d), of the images that it trains on. */
export function meanTargets(config: Config, r: number, data: Pick<RunData, 'train' | 'trainLabels'>, labels: readonly number[]): Float32Array {
  const { objective: { negatives }, train: { images } } = resolveReplica(config, config.replicas[r])
  const slope = meanSlope(config, r)
  const { sums, counts } = classSums(data, images === 0 ? data.trainLabels.length : Math.min(images, data.trainLabels.length))
  const d = sums.length / counts.length
  const means = new Float32Array(labels.length * d)
  labels.forEach((label, i) => {
    const among = Array.from(counts.keys()).filter(c => negatives !== 'other-class' || c !== label)
    const count = among.reduce((sum, c) => sum + counts[c], 0)
    for (let k = 0; k < d; k++) means[i * d + k] = (slope * among.reduce((sum, c) => sum + sums[c * d + k], 0)) / Math.max(1, count)
  })
  return means
}

/** ΔFM's minimum for samples with each of these labels, (n,d), from that of flow matching; null where replica r is not trained so. */
export function pushedFrom(config: Config, r: number, data: Pick<RunData, 'train' | 'trainLabels'>, labels: readonly number[]): ((velocity: Float32Array) => Float32Array) | null {
  if (!isPushed(config, r)) return null
  const means = meanTargets(config, r, data, labels)
  const { own, mean } = pushOf(config, r)
  return velocity => velocity.map((value, i) => (value - mean * means[i]) / own)
}
