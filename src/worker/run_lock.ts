/** A run that is open holds a lock of its name, so that no other tab goes on with it, saves over it or deletes it. */
const PREFIX = 'low-noise-lab-run '
/** A worker that was ended a moment ago may still hold one. */
const PATIENCE_MS = 3000

/** Locks of this worker, with the way to let each go. */
const mine = new Map<string, () => void>()

/** @returns a way to let it go; null when another tab has the run open */
export async function holdRun(id: string): Promise<(() => void) | null> {
  if (!('locks' in navigator)) return () => {}
  const own = mine.get(id)
  if (own) return own
  const held = await new Promise<(() => void) | null>(resolve => {
    navigator.locks
      .request(PREFIX + id, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => new Promise<void>(done => resolve(done)))
      .catch((error: unknown) => resolve(error instanceof DOMException && error.name === 'TimeoutError' ? null : () => {})) // without a lock manager nobody else has one either
  })
  if (!held) return null
  const letGo = () => {
    mine.delete(id)
    held()
  }
  mine.set(id, letGo)
  return letGo
}

/** Runs that are open in other tabs. */
export async function runsElsewhere(): Promise<Set<string>> {
  const { held = [] } = (await navigator.locks?.query().catch(() => null)) ?? {}
  const names = held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []))
  return new Set(names.filter(name => !mine.has(name)))
}
