/** Between two looks that Firefox is made to take. */
const NUDGE_MS = 2

const looksSeldom = typeof navigator !== 'undefined' && /firefox/i.test(navigator.userAgent)

/**
 * Waits for work or a mapping of the GPU. Firefox looks whether either is done only every 100 ms (bug 1870699), unless something is
 * submitted meanwhile: empty submits make it look at once, as jax-js found. Elsewhere this is the promise and nothing more.
 */
export async function settled<T>(device: GPUDevice, promise: Promise<T>, nudge = looksSeldom): Promise<T> {
  if (!nudge) return promise
  const timer = setInterval(() => device.queue.submit([]), NUDGE_MS)
  try {
    return await promise
  } finally {
    clearInterval(timer)
  }
}
