/** A training step made real, as the passes that it is submitted in. */
import type { KernelLibrary } from '../engine/kernel.ts'
import { type Buffers, Recording } from '../engine/recording.ts'
import { recordersOfStep, type Training } from '../model/training.ts'

interface Piece {
  recording: Recording
  /** Dispatches of it, from the first. */
  count: number
}

/** One pass for each micro-batch; and before these one for each to its features alone, where a term compares features of the whole batch. */
export class Step {
  private readonly lengths: readonly number[]
  private readonly total: number

  private constructor(private readonly recordings: readonly Recording[], private readonly passes: readonly (readonly Piece[])[]) {
    this.lengths = passes.map(pieces => pieces.reduce((sum, { count }) => sum + count, 0))
    this.total = this.lengths.reduce((sum, length) => sum + length, 0)
  }

  static async realise(training: Training, buffers: Buffers, library: KernelLibrary): Promise<Step> {
    const { before, parts } = training
    const recordings = await Promise.all(recordersOfStep(training).map(each => Recording.realise(each, buffers, library)))
    const [whole, keep, term] = recordings.map((recording): Piece => ({ recording, count: recording.length }))
    const passes = Array.from({ length: parts }, () => [whole])
    if (!before) return new Step(recordings, passes)
    const features = Array.from({ length: parts }, (_, part) => [{ ...whole, count: before.dispatches }, keep, ...(part === parts - 1 ? [term] : [])])
    return new Step(recordings, [...features, ...passes])
  }

  /** Passes of a step. */
  get length(): number {
    return this.passes.length
  }

  /** Dispatches of a pass; of the whole step without one. */
  dispatches(pass?: number): number {
    return pass === undefined ? this.total : this.lengths[pass]
  }

  /** Encodes dispatches [from, to) of a pass. */
  encode(encoder: GPUCommandEncoder, pass: number, from = 0, to = this.dispatches(pass)): void {
    let begin = 0
    for (const { recording, count } of this.passes[pass]) {
      const [first, last] = [Math.max(0, from - begin), Math.min(count, to - begin)]
      if (first < last) recording.encode(encoder, first, last)
      begin += count
    }
  }

  destroy(): void {
    for (const recording of this.recordings) recording.destroy()
  }
}
