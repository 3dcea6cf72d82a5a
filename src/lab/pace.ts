/** GPU work between two looks at the clock: short enough for smooth frames and a quick pause, long enough to hide the wait. */
const BURST_MS = 12
const MOST_PER_BURST = 64
/** A step slower than this is submitted in pieces. */
const GENTLE_MS = 6
/** A step slower than this is waited for before the next one is submitted. */
const PATIENT_MS = 80

/** How many steps to submit at a time, learned from how long they take. */
export class Pace {
  /** Milliseconds a step takes, smoothed; 0 before the first one is done. */
  stepMs = 0
  /** Steps to submit at once. */
  burst = 1
  private lastDone = 0
  private learned = 0

  /** Enough were seen to say what a step takes. */
  get steady(): boolean {
    return this.learned >= 5
  }

  get gentle(): boolean {
    return this.stepMs === 0 || this.stepMs > GENTLE_MS
  }

  /** Bursts that may be under way. */
  get ahead(): number {
    return this.stepMs > PATIENT_MS ? 1 : 2
  }

  /** A step is slow, or nobody knows yet. */
  get patient(): boolean {
    return this.stepMs === 0 || this.stepMs > PATIENT_MS
  }

  /** `count` steps, or a part of one, submitted at `submitted` are done. Their work began then or when the burst before was done, whichever is later. */
  learn(count: number, submitted: number): void {
    const now = performance.now()
    const each = Math.max(0.001, now - Math.max(submitted, this.lastDone)) / count
    this.lastDone = now
    this.learned++
    this.stepMs = this.stepMs === 0 ? each : 0.8 * this.stepMs + 0.2 * each
    this.burst = Math.max(1, Math.min(MOST_PER_BURST, Math.round(BURST_MS / this.stepMs)))
  }
}
