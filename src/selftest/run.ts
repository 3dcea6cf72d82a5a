/** Runs op cases on a device: each kernel against its float64 twin, and twice, for a training run must be repeatable bit for bit. */
import { lanesOf } from '../engine/device.ts'
import { KernelLibrary } from '../engine/kernel.ts'
import { Recorder } from '../engine/recorder.ts'
import type { SelfTestRow } from '../protocol.ts'
import { type OpCase, type Output, recordCase } from './case.ts'
import { execute } from './execute.ts'

export { cases, startupCases } from './table.ts'

/** Subgroups that share what they load are a variant: where they are not to be had, or are too small, no kernel of theirs runs. */
export const runsOn = (device: GPUDevice) => ({ tiles }: OpCase) => (tiles?.lanes ?? 0) <= lanesOf(device)

export interface CaseResult extends SelfTestRow {
  /** Why the row did not pass, one sentence each; empty when it did. */
  problems: string[]
}

/** Those of the cases that this device may run. Never throws for a kernel that fails: that row says why and the others go on. With the library of a run, pipelines compiled here serve it too. */
export async function runCases(
  device: GPUDevice, all: readonly OpCase[], onProgress?: (done: number, total: number) => void, library = new KernelLibrary(device),
): Promise<CaseResult[]> {
  const cases = all.filter(runsOn(device))
  const recorded = cases.map(one => ({ one, ...recordCase(one, tensors => new Recorder(tensors, one.tiles)) }))
  // All pipelines compile at once, in the driver's threads; what fails is caught below, by the case it belongs to.
  for (const { recorder } of recorded) for (const { kernel, specialisation } of recorder.dispatches) library.get(kernel, specialisation).catch(() => {})
  const rows: CaseResult[] = []
  for (const { one, recorder, outputs } of recorded) {
    rows.push(await runCase(device, library, one, recorder, outputs))
    onProgress?.(rows.length, cases.length)
  }
  return rows
}

async function runCase(device: GPUDevice, library: KernelLibrary, one: OpCase, recorder: Recorder, outputs: Output[]): Promise<CaseResult> {
  const kernel = [...new Set(recorder.dispatches.map(dispatch => dispatch.kernel))].join(', ')
  const row = { kernel, shape: `${one.op} ${one.shape}`, tolerance: one.tolerance }
  try {
    const [first, second] = await execute(device, library, recorder, outputs.map(output => output.tensor), 2)
    const problems: string[] = []
    let error = 0
    outputs.forEach((output, i) => {
      const found = compare(output, first[i])
      error = Math.max(error, found.error)
      if (!(found.error <= one.tolerance)) problems.push(`${output.name}: ${found.where}`)
      const differs = first[i].findIndex((word, at) => word !== second[i][at])
      if (differs >= 0) problems.push(`${output.name}: a second run from the same inputs differs at ${differs}`)
    })
    return { ...row, error, passed: problems.length === 0, problems }
  } catch (error) {
    return { ...row, error: Infinity, passed: false, problems: [error instanceof Error ? error.message : String(error)] }
  }
}

/** Greatest error of an output, relative to the greatest expected value, and where it is. */
function compare({ expected, at }: Output, words: Uint32Array): { error: number; where: string } {
  const values = expected()
  const exact = values instanceof Uint32Array
  const found: ArrayLike<number> = exact ? words : new Float32Array(words.buffer, words.byteOffset, words.length)
  let greatest = 0
  for (const value of values) if (Number.isFinite(value)) greatest = Math.max(greatest, Math.abs(value))
  const scale = greatest > 0 ? greatest : 1
  let error = 0
  let where = ''
  values.forEach((value: number, i: number) => {
    const place = at ? at[i] : i
    const difference = distance(found[place], value, exact) / scale
    if (difference <= error) return
    error = difference
    where = `${found[place]} at ${place} where ${value} is expected`
  })
  return { error, where }
}

function distance(found: number, expected: number, exact: boolean): number {
  if (exact) return found === expected ? 0 : Infinity
  // Which kind of not-a-number a GPU makes of a bad gradient is its own affair.
  if (!Number.isFinite(expected)) return Number.isFinite(found) ? Infinity : 0
  return Number.isFinite(found) ? Math.abs(found - expected) : Infinity
}
