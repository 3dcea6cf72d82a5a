/** What a library must offer to be measured: one file in peers/, default export. */
import type { Batch, Weights, Work } from './work.ts'

export interface Peer {
  /** Name and version of what really runs. */
  label: string
  /** Takes a GPU (from `navigator.gpu`), uploads the weights, builds whatever is built once. */
  setup(work: Work, weights: Weights): Promise<void>
  /** One training step: upload the batch, forward, backward, Adam. Resolves to the loss before the update. */
  step(batch: Batch): Promise<number>
}
