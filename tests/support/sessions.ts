/** Sessions of tiny runs on the test device, destroyed after each test. */
import { afterEach, expect } from 'vitest'
import type { Config } from '../../src/config.ts'
import { type Checkpoint, Session, type SessionOptions } from '../../src/lab/session.ts'
import { differingBits } from './compare.ts'
import { testLibrary } from './given_training.ts'
import { requestTestDevice } from './gpu.ts'
import { tinyConfig } from './tiny_run.ts'

/** Call it once at the top of a test file. @returns a way to make sessions, and to have others destroyed as well */
export function sessions() {
  const open = new Set<Session>()
  afterEach(async () => {
    for (const session of open) await session.destroy()
    open.clear()
  })
  const keep = (session: Session) => {
    open.add(session)
    return session
  }
  const create = async (config: Config = tinyConfig(), options: SessionOptions = {}) =>
    keep(await Session.create(await requestTestDevice(), await testLibrary(), 'run', config, options))
  return { create, keep }
}

export const wait = (milliseconds: number) => new Promise<void>(resolve => { setTimeout(resolve, milliseconds) })

export async function finished(session: Session): Promise<void> {
  const deadline = performance.now() + 60_000
  while (session.state === 'running' && performance.now() < deadline) await wait(5)
}

export function expectSameBits(a: Checkpoint, b: Checkpoint): void {
  expect(a.step).toBe(b.step)
  expect(a.replicas.length).toBe(b.replicas.length)
  a.replicas.forEach((replica, r) => {
    for (const name of ['parameters', 'first', 'second', 'ema'] as const) expect(differingBits(replica[name], b.replicas[r][name]), name).toBe(0)
    expect(replica.state).toEqual(b.replicas[r].state)
  })
}
