/** Two tabs that train share one GPU and both get slow, so a run holds a lock that other tabs can see. */
const name = 'low-noise-lab-training'

let release: (() => void) | null = null

/** @returns false when another tab holds the lock */
export function takeTrainingLock(): Promise<boolean> {
  if (release || !('locks' in navigator)) return Promise.resolve(true)
  return new Promise((resolve) => {
    void navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        resolve(lock !== null)
        if (lock) return new Promise<void>((done) => (release = done))
      })
      .catch(() => resolve(true)) // no lock manager here (a sandboxed frame): nothing to warn about
  })
}

export function freeTrainingLock(): void {
  release?.()
  release = null
}
