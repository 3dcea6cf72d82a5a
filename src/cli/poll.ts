/**
 * Dawn for Node asks whether the GPU is done by one `setImmediate` after another, which keeps a core busy for as long as anybody waits. A software
 * adapter works on these very cores (measured on two: a training step takes two thirds of the time once it has both). So there each turn of the
 * event loop that is asked for comes after a pause; on a real GPU nothing changes, for there the pause would be the longer part.
 */
const PAUSE_MS = 1

/** Call it once the adapter is known to be a software one. Dawn looks `setImmediate` up each time. */
export function pollSeldom(): void {
  globalThis.setImmediate = ((turn: (...a: unknown[]) => void, ...a: unknown[]) => setTimeout(turn, PAUSE_MS, ...a)) as unknown as typeof setImmediate
}
