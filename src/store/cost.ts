/** What a measurement will take, in training steps and, where their pace is known, in seconds. Pure. */
import type { Config, NetConfig } from '../config.ts'

export interface Cost {
  /** As much work as this many training steps. */
  steps: number
  /** null while no run has shown its pace. */
  seconds: number | null
}

/** Multiplications and additions of one image through the net: linear layers (12 C² a token and block), attention (2 T C a token and block), patches in and out. */
export function forwardFlops({ width, blocks, size, patch, channels }: NetConfig): number {
  const tokens = (size / patch) ** 2
  const perToken = blocks * (12 * width ** 2 + 2 * tokens * width) + 2 * width * channels * patch ** 2
  return 2 * (tokens * perToken + blocks * 6 * width ** 2) // modulation is computed once an image
}

/** A training step is a forward and a backward, which counts as two, of a batch. */
export function costOf({ net, train }: Config, { forwards, flops = 0 }: { forwards: number; flops?: number }, stepsPerSecond: number): Cost {
  const steps = (forwards + flops / forwardFlops(net)) / (3 * train.batch)
  return { steps, seconds: stepsPerSecond > 0 ? steps / stepsPerSecond : null }
}
