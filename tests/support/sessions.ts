/** Sessions of tiny runs on the test device, destroyed after each test. */
import { afterEach, expect, vi } from 'vitest'
import type { Config } from '../../src/config.ts'
import { type Checkpoint, Session, type SessionOptions } from '../../src/lab/session.ts'
import { differingBits } from './compare.ts'
import { testLibrary } from './given_training.ts'
import { requestTestDevice } from './gpu.ts'
import { tinyConfig } from './tiny_run.ts'

/** Call it once at the top of a test file. @returns a way to make sessions */
export function sessions() {
  const open = new Set<Session>()
  afterEach(async () => {
    for (const session of open) await session.destroy()
    open.clear()
  })
  const create = async (config: Config = tinyConfig(), options: SessionOptions = {}) => {
    const session = await Session.create(await requestTestDevice(), await testLibrary(), 'run', config, options)
    open.add(session)
    return session
  }
  return { create }
}

/** Lets everything that is due run once. */
export const turn = () => new Promise<void>(resolve => { setImmediate(resolve) })

/** Until the session has begun so many steps. @throws after a minute */
export const reached = (session: Session, step: number) =>
  vi.waitFor(() => expect(session.step).toBeGreaterThanOrEqual(step), { timeout: 60_000, interval: 1 })

/** Until it no longer runs. @throws after a minute */
export const finished = (session: Session) => vi.waitFor(() => expect(session.state).not.toBe('running'), { timeout: 60_000, interval: 5 })

export function expectSameBits(a: Checkpoint, b: Checkpoint): void {
  expect(a.step).toBe(b.step)
  expect(a.replicas.length).toBe(b.replicas.length)
  a.replicas.forEach((replica, r) => {
    for (const name of ['parameters', 'first', 'second', 'ema'] as const) expect(differingBits(replica[name], b.replicas[r][name]), name).toBe(0)
    expect(replica.state).toEqual(b.replicas[r].state)
  })
}
