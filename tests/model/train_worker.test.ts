/** The training thread: which run there is after whatever is asked of it, what is kept of it, and what the page is told. */
import { deleteDB, openDB } from 'idb'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { loadRun } from '../../src/lab/saved_runs.ts'
import { Session } from '../../src/lab/session.ts'
import type { Command, Tick } from '../../src/protocol.ts'
import { fork } from '../../src/store/actions.ts'
import { useRun } from '../../src/store/run.ts'
import { turn } from '../support/sessions.ts'
import { trainingWorker } from '../support/training_worker.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const page = vi.hoisted(() => ({}) as { post: (command: Command) => unknown })
vi.mock('../../src/store/bridge.ts', () => ({ post: (command: Command) => page.post(command), reconnect: () => {} }))

const { post, next, heard, loseGpu } = trainingWorker()
page.post = post
const long = tinyConfig({ train: { steps: 100_000 } })

/** Until the page has heard of its first steps. */
async function running(runId: string, config = long): Promise<void> {
  const stepped = next('tick', tick => tick.runId === runId && tick.step > 0)
  await post({ type: 'start', runId, config })
  await stepped
}

/** Until everything asked before is answered. */
async function answered(): Promise<void> {
  const looked = next('past')
  await post({ type: 'look', id: '' })
  await looked
}

const lastTick = () => heard.findLast((report): report is Tick => report.type === 'tick')

test('a fork of a running run leaves it kept as far as it came', async () => {
  await running('parent')
  useRun.setState({ tick: lastTick() })
  const forked = next('tick', ({ runId }) => runId !== 'parent')
  fork(0, [{ method: 'fm' }])
  const { events: [{ step }] } = await forked
  expect((await loadRun('parent')).step).toBeGreaterThanOrEqual(step)
})

test('a run that is replaced while an earlier state of it is being saved is kept as it was last', async () => {
  await running('slowly')
  const { pause, snapshot } = Session.prototype
  let last = 0
  let open = () => {}
  const opened = new Promise<void>(resolve => { open = resolve })
  const saving = vi.spyOn(Session.prototype, 'snapshot').mockImplementationOnce(async function (this: Session) {
    const early = await snapshot.call(this)
    await opened
    return early
  })
  const pausing = vi.spyOn(Session.prototype, 'pause').mockImplementationOnce(async function (this: Session) {
    await pause.call(this)
    last = this.step
    void turn().then(open) // when the last save was asked for as well
  })
  onTestFinished(() => void [saving, pausing].map(spy => spy.mockRestore()))
  await post({ type: 'save' })
  const { step } = await next('tick')
  await next('tick', tick => tick.step > step)
  await running('next')
  expect((await loadRun('slowly')).step).toBe(last)
})

describe('a fork of a finished run', () => {
  async function finished(runId: string): Promise<void> {
    const done = next('tick', ({ runId: id, state }) => id === runId && state === 'finished')
    await post({ type: 'start', runId, config: tinyConfig({ train: { steps: 5 } }) })
    useRun.setState({ tick: await done })
  }

  test('goes on from there with half as many steps again, 100 at least', async () => {
    await finished('parent')
    const forked = next('tick', ({ runId, state }) => runId !== 'parent' && state === 'running')
    fork(1, [{ method: 'fm' }])
    expect(await forked).toMatchObject({ steps: 105, replicas: [{ method: 'fm' }], events: [{ step: 5, label: 'forked from LCF' }, { step: 5, label: '100 more steps' }] })
  })

  test('that is refused leaves it finished', async () => {
    await finished('left')
    const refused = next('fault')
    fork(1, [{ method: 'nonsense' }])
    expect((await refused).message).toContain('there is no method "nonsense"')
    await answered()
    expect(lastTick()).toMatchObject({ runId: 'left', state: 'finished', step: 5, steps: 5 })
  })
})

describe('where another run is refused', () => {
  const impossible = tinyConfig({ net: { size: 32, patch: 1, width: 768, blocks: 12 }, train: { batch: 512 }, data: { count: 512 } })
  const refuse = async () => {
    const refused = next('fault')
    await post({ type: 'start', runId: 'refused', config: impossible })
    expect(await refused).toMatchObject({ kind: 'memory', alive: true })
  }

  test('the one that trains goes on', async () => {
    await running('untouched')
    await refuse()
    const { step } = await next('tick', ({ state }) => state === 'running')
    expect(await next('tick', tick => tick.step > step)).toMatchObject({ runId: 'untouched' })
  })

  test('the one at rest stays there, and the page hears where', async () => {
    const made = next('tick')
    await post({ type: 'start', runId: 'at rest', config: long, paused: true })
    await made
    await refuse()
    expect(await next('tick')).toMatchObject({ runId: 'at rest', state: 'paused' })
  })
})

describe('a GPU that holds one run and not two', () => {
  /** Its room in bytes, for whoever sets it. */
  function smallGpu(): { room: number } {
    const gpu = { room: Infinity }
    const live = new Map<GPUBuffer, number>()
    const { createBuffer, popErrorScope } = GPUDevice.prototype
    const { destroy } = GPUBuffer.prototype
    const spies = [
      vi.spyOn(GPUDevice.prototype, 'createBuffer').mockImplementation(function (this: GPUDevice, descriptor) {
        const buffer = createBuffer.call(this, descriptor)
        live.set(buffer, descriptor.size)
        return buffer
      }),
      vi.spyOn(GPUBuffer.prototype, 'destroy').mockImplementation(function (this: GPUBuffer) {
        live.delete(this)
        return destroy.call(this)
      }),
      vi.spyOn(GPUDevice.prototype, 'popErrorScope').mockImplementation(async function (this: GPUDevice) {
        const full = [...live.values()].reduce((sum, size) => sum + size, 0) > gpu.room
        const error = await popErrorScope.call(this)
        return full ? { message: 'it is full' } : error
      }),
    ]
    onTestFinished(() => spies.forEach(spy => spy.mockRestore()))
    return gpu
  }

  test('gives the next one the room of the one before', async () => {
    const gpu = smallGpu()
    await running('before')
    gpu.room = 1.5 * lastTick()!.cost.bytes
    await running('after')
    expect(heard.some(({ type }) => type === 'fault')).toBe(false)
  })

  test('goes on with the one it had where the next finds no room even so', async () => {
    const gpu = smallGpu()
    await running('large enough')
    gpu.room = 1.5 * lastTick()!.cost.bytes
    const refused = next('fault')
    await post({ type: 'start', runId: 'too large', config: { ...long, replicas: [...long.replicas, ...long.replicas, ...long.replicas] } })
    expect(await refused).toMatchObject({ kind: 'memory', alive: true, message: expect.stringContaining('it is full') })
    const { step, events, replicas } = lastTick()!
    expect(await next('tick', tick => tick.step > step)).toMatchObject({ runId: 'large enough', state: 'running', events })
    expect(replicas[0].flow.step[0]).toBe(1)
  })
})

test('a damaged set of one’s own does not keep the thread from its work', async () => {
  const kept = await openDB('low-noise-lab-data', 1, { upgrade: made => void made.createObjectStore('sets', { keyPath: 'id' }) })
  await kept.put('sets', { id: 'own-hollow' })
  kept.close()
  onTestFinished(() => deleteDB('low-noise-lab-data'))
  await answered()
})

test('a lost GPU is told of once, and the run that had it stops', async () => {
  const { create } = Session
  const made: Session[] = []
  const creating = vi.spyOn(Session, 'create').mockImplementation(async (...words) => {
    const session = await create.apply(Session, words)
    made.push(session)
    return session
  })
  await running('lost')
  const { readMetrics } = Session.prototype
  // As the clock asks.
  const reading = vi.spyOn(Session.prototype, 'readMetrics').mockImplementationOnce(async function (this: Session) {
    await loseGpu()
    return readMetrics.call(this)
  })
  onTestFinished(() => void [creating, reading].map(spy => spy.mockRestore()))
  expect(await next('fault')).toMatchObject({ kind: 'device-lost', step: made[0].step })
  expect(made[0].state).toBe('paused')
  const again = next('ready')
  await post({ type: 'probe' })
  await again
  expect(heard.flatMap(report => (report.type === 'fault' ? [report.kind] : []))).toEqual(['device-lost'])
})

test('a run that is resumed while the clock sends its last tick goes on being told of', async () => {
  await running('resumed')
  const { readMetrics } = Session.prototype
  const held: Session[] = []
  let open = () => {}
  const opened = new Promise<void>(resolve => { open = resolve })
  const slow = vi.spyOn(Session.prototype, 'readMetrics').mockImplementation(async function (this: Session) {
    if (this.state === 'paused') await (held.push(this), opened)
    return readMetrics.call(this)
  })
  onTestFinished(() => slow.mockRestore())
  await post({ type: 'pause' })
  await vi.waitFor(() => expect(held.length).toBe(2), { timeout: 60_000 }) // by the loop, which ends, and by the clock
  await post({ type: 'resume' })
  await vi.waitFor(() => expect(held[0].state).toBe('running'), { timeout: 60_000 })
  open()
  for (let i = 0; i < 3; i++) await next('tick', ({ state }) => state === 'running')
})
