/** The training thread: a switch from commands to the session, and a clock for ticks. */
import { version } from '../../package.json'
import { type Config, ConfigError, parseConfig } from '../config.ts'
import { DeviceObstacle, findDevice, type FoundDevice } from '../engine/device.ts'
import type { RunData } from '../datasets/dataset.ts'
import { KernelError, KernelLibrary } from '../engine/kernel.ts'
import { OutOfMemory } from '../engine/recording.ts'
import { Cancelled } from '../lab/bench.ts'
import { unpackCheckpoint } from '../lab/checkpoint.ts'
import { checkConfig } from '../lab/data.ts'
import { exportFile } from '../lab/export_file.ts'
import { measureTheory } from '../lab/measurements.ts'
import { expectedTime } from '../lab/expect.ts'
import { knowShelved } from '../lab/own/shelf.ts'
import { keptTick } from '../lab/replica_tick.ts'
import { loadRun } from '../lab/saved_runs.ts'
import { type Checkpoint, Session } from '../lab/session.ts'
import { browserTileCache } from '../lab/tile_cache.ts'
import { planMemory } from '../lab/plan.ts'
import { presets } from '../lab/presets.ts'
import { measureSpeed, type Speed } from '../lab/speed.ts'
import { chooseTiles, presetTiles } from '../lab/tune.ts'
import type { Measurement } from '../panel.ts'
import type { Command, FaultKind, LossByT, Report } from '../protocol.ts'
import { cases, runCases, startupCases } from '../selftest/run.ts'
import { holdRun } from './run_lock.ts'
import { makeKeeper } from './saves.ts'

const TICK_MS = 250
/** GPU limits assumed for a plan before a device was found: those WebGPU guarantees. */
const GUARANTEED = { maxBufferSize: 256 * 2 ** 20, maxStorageBufferBindingSize: 128 * 2 ** 20 }

const send = (report: Report) => postMessage(report)

type Machine = FoundDevice & { library: KernelLibrary }

let found: Promise<Machine> | null = null
let session: Session | null = null
/** The adapter's; null before it was measured. */
let speed: Speed | null = null
let timing = false
/** The plan that was asked for last. */
let asked: { requestId: number; config: Config } | null = null
let letGo = () => {}
let ticking = false
const keeper = makeKeeper(send, () => session)

function machine() {
  return (found ??= (async () => {
    const { device, capabilities } = await findDevice(navigator.gpu, isSecureContext)
    void device.lost.then(info => {
      found = null
      const lost = session
      const step = lost?.step
      session = null
      void lost?.destroy() // it would go on submitting to a device that is not there
      if (info.reason !== 'destroyed') send({ type: 'fault', kind: 'device-lost', step, message: `The GPU was reset${step === undefined ? '' : ` at step ${step}`}: ${info.message || 'no reason given'}.` })
    })
    device.addEventListener('uncapturederror', event => {
      void session?.pause()
      const { error } = event as GPUUncapturedErrorEvent
      send({ type: 'fault', kind: error instanceof GPUOutOfMemoryError ? 'memory' : 'internal', step: session?.step, message: error.message.split('\n')[0] })
    })
    const library = new KernelLibrary(device)
    const failed = (await runCases(device, startupCases, undefined, library)).filter(row => !row.passed)
    if (failed.length > 0) {
      const { kernel, shape, error, tolerance } = failed[0]
      device.destroy()
      throw new DeviceObstacle('self-test', `Kernel ${kernel} (${shape}) is off by ${error.toExponential(1)} where ${tolerance.toExponential(0)} is allowed; ${failed.length} of ${startupCases.length} checks fail.`)
    }
    return { device, capabilities, library }
  })().catch(error => {
    found = null
    throw error
  }))
}

function fault(error: unknown, as?: FaultKind, id?: string): void {
  if (error instanceof DeviceObstacle) return send({ type: 'obstacle', obstacle: error.obstacle, detail: error.message })
  if (error instanceof Cancelled) return // whoever cancelled it knows
  const kind: FaultKind = as ?? (error instanceof ConfigError ? 'config' : error instanceof RangeError ? 'memory' : error instanceof KernelError ? 'kernel' : 'internal')
  send({ type: 'fault', kind, step: session?.step, id, alive: session !== null, message: error instanceof Error ? error.message : String(error) })
}

const breathe = () => new Promise<void>(resolve => { setTimeout(resolve) })
const progress = (label: string, done: number, total: number) => send({ type: 'progress', label, done, total })

/** What the page hears of a run's measurements. */
const telling = (runId: string) => ({
  measured: (measurement: Measurement) => send({ type: 'measured', runId, measurement }),
  evaluated: (loss: LossByT) => send({ type: 'evaluated', runId, loss }),
  measuring: (id: string | null, done: number, total: number) => send({ type: 'measuring', id, done, total }),
  unmeasured: (message: string, id: string) => send({ type: 'fault', kind: 'measure', step: session?.step, id, message }),
})

/** Sends the state now and then until nothing moves any more. */
async function tick(): Promise<void> {
  if (!session) return
  const current = session
  await current.readMetrics().catch((error: unknown) => { if (current === session) throw error }) // whatever took the run away has been told
  if (current !== session) return
  send(current.tick())
  if (current.stuck && current.state === 'running') {
    await current.pause()
    send({ type: 'fault', kind: 'non-finite', step: current.step, message: `The gradient has not been finite for 20 steps up to step ${current.step}; the weights are as they were before. The usual cause is the learning rate.` })
    send(current.tick())
  }
}

async function keepTicking(): Promise<void> {
  if (ticking) return
  ticking = true
  try {
    const runs = () => session?.state === 'running'
    do {
      while (runs()) {
        await tick()
        keeper.look()
        await new Promise(resolve => { setTimeout(resolve, TICK_MS) })
      }
      await tick()
    } while (runs()) // resumed during the last one
  } finally {
    ticking = false
    keeper.soon()
  }
}

/** A run to be made, from its beginning or from a checkpoint. */
interface NextRun {
  runId: string
  config: Config
  checkpoint?: Checkpoint
  data?: RunData
}

async function create({ device, library, capabilities }: Machine, { runId, config, ...from }: NextRun): Promise<Session> {
  const tiles = await chooseTiles(device, capabilities, config, browserTileCache(), { library })
  return Session.create(device, library, runId, config, { progress, breathe, tiles, ...from, ...telling(runId) })
}

/** A GPU may have room for either of two runs and not for both: then the one before goes first, and is made anew if that was of no use. */
async function createInPlaceOf(old: Session, on: Machine, next: NextRun): Promise<Session> {
  const { runId, data } = old
  const checkpoint = await old.snapshot()
  session = null // nobody may ask it anything
  await old.destroy()
  try {
    return await create(on, next)
  } catch (error) {
    session = await create(on, { runId, config: checkpoint.config, checkpoint, data })
    throw error
  }
}

/** Puts a run in the place of the one there is, which goes on as it was when this fails. */
async function make(next: NextRun): Promise<void> {
  const on = await machine()
  const old = session
  const trained = old?.state === 'running'
  old?.cancelMeasure()
  await old?.pause()
  await keeper.now() // it stays in the list
  const release = await holdRun(next.runId)
  try {
    if (!release) throw new ConfigError('this run is open in another tab; go on with it there, or close that tab')
    if (speed && old) speed = old.speedShown(speed)
    session = await create(on, next).catch((error: unknown) => {
      if (old && error instanceof OutOfMemory) return createInPlaceOf(old, on, next)
      throw error
    })
  } catch (error) {
    if (release !== letGo) release?.()
    if (trained) resume()
    throw error
  }
  if (release !== letGo) letGo()
  letGo = release
  keeper.begin()
  await old?.destroy()
}

/** Goes on with a run that was kept. */
async function open(id: string, unstored?: object): Promise<void> {
  let checkpoint: Checkpoint
  try {
    checkpoint = unstored ? unpackCheckpoint(unstored) : await loadRun(id)
  } catch (error) {
    return fault(error, 'saved')
  }
  await make({ runId: id, config: checkpoint.config, checkpoint })
  tellHistory(id, checkpoint)
}

function tellHistory(runId: string, { history }: Checkpoint): void {
  send({ type: 'history', runId, losses: history?.losses ?? [], measurements: history?.measurements ?? [] })
}

/** Charts of a kept run. Nothing is trained, and no GPU is needed. */
async function look(runId: string): Promise<void> {
  try {
    const checkpoint = await loadRun(runId)
    send({ type: 'past', runId, found: { tick: keptTick(runId, checkpoint), losses: checkpoint.history?.losses ?? [], measurements: checkpoint.history?.measurements ?? [] } })
  } catch (error) {
    send({ type: 'past', runId, found: null, problem: error instanceof Error ? error.message : String(error) })
  }
}

/** Goes on from what a file holds. Weights of others come without a past: their loss and samples are what there is to see of them. */
async function startFrom(runId: string, checkpoint: Checkpoint): Promise<void> {
  await make({ runId, config: checkpoint.config, checkpoint })
  tellHistory(runId, checkpoint)
  if (checkpoint.history || session?.runId !== runId) return
  await session.evaluate()
  await session.sample()
}

/** Memory and, where the adapter's speed is known, time; that is measured once, when nothing trains that it would disturb. */
async function plan(requestId: number, config: Config): Promise<void> {
  asked = { requestId, config }
  const found = await machine().catch(() => null)
  if (!found) return send({ type: 'plan', requestId, plan: planMemory(config, GUARANTEED) })
  const { device, library, capabilities: { limits } } = found
  const planned = (of: Config) => {
    const known = speed && (session?.speedShown(speed) ?? speed)
    return planMemory(of, limits, presetTiles(device), known ? run => expectedTime(run, of, known) : undefined)
  }
  send({ type: 'plan', requestId, plan: planned(config) })
  if (speed || timing || session?.state === 'running') return
  timing = true
  // Not waited for: whoever presses Run meanwhile does not wait either.
  void measureSpeed(device, library).then(async measured => {
    if (session?.state === 'running') return // which has slowed it
    speed = measured
    if (asked) send({ type: 'plan', requestId: asked.requestId, plan: planned(asked.config) })
    const times: Record<string, string> = {}
    for (const { id, config: input } of presets) {
      await breathe()
      const { time } = planned(parseConfig(input))
      if (time) times[id] = time.about
    }
    send({ type: 'times', times })
  }).catch(() => {}).finally(() => { timing = false }) // an adapter that cannot be timed trains all the same
}

async function exportRun({ requestId, asked }: Extract<Command, { type: 'export' }>): Promise<void> {
  let step = 0
  try {
    if (!session) throw new ConfigError('there is no run to export yet')
    const { data } = session
    const checkpoint = await session.snapshot()
    step = checkpoint.step
    const bytes = exportFile(checkpoint, asked, data, version)
    postMessage({ type: 'exported', requestId, asked, step, bytes } satisfies Report, [bytes.buffer])
  } catch (error) {
    send({ type: 'exported', requestId, asked, step, bytes: null, problem: error instanceof Error ? error.message : String(error) })
  }
}

async function walk({ requestId, replica, sample }: Extract<Command, { type: 'walk' }>): Promise<void> {
  try {
    if (!session) throw new ConfigError('there is no run to look into yet')
    send({ type: 'walked', requestId, walk: await session.walk(replica, sample) })
  } catch (error) {
    send({ type: 'walked', requestId, walk: null, problem: error instanceof Error ? error.message : String(error) })
  }
}

function resume(): void {
  session?.run()
  void keepTicking().catch((error: unknown) => fault(error))
}

async function obey(command: Command): Promise<void> {
  switch (command.type) {
    case 'probe': {
      const { capabilities } = await machine()
      return send({ type: 'ready', capabilities })
    }
    case 'start': {
      const config = parseConfig(command.config)
      checkConfig(config)
      if (command.checkpoint) await startFrom(command.runId, unpackCheckpoint(command.checkpoint))
      else await make({ runId: command.runId, config })
      if (!command.paused) resume()
      return tick()
    }
    case 'pause': {
      const pausing = session?.pause()
      if (session) send(session.tick())
      await pausing
      return tick()
    }
    case 'resume':
      return resume()
    case 'step':
      await session?.advance(command.count)
      return tick()
    case 'patch':
      session?.patch(command.patch)
      return session?.state === 'running' ? undefined : tick()
    case 'fork': {
      if (!session) throw new ConfigError('fork: there is no run to fork')
      const { data } = session
      const forked = await session.forked(command.from, command.replicas)
      await make({ runId: command.runId, config: forked.config, checkpoint: forked, data })
      if (command.extendBy) session.extend(command.extendBy)
      resume()
      return tick()
    }
    case 'measure':
      if (session && !command.theory) await session.measure(command.id, command.settings)
      else send({ type: 'measured', runId: null, measurement: measureTheory(command.id, command.settings ?? {}) })
      return
    case 'cancel-measure':
      return session?.cancelMeasure()
    case 'schedule':
      session?.schedule(command.measures)
      return session?.state === 'running' ? undefined : tick()
    case 'extend':
      session?.extend(command.steps)
      return tick()
    case 'plan':
      return plan(command.requestId, parseConfig(command.config))
    case 'selftest': {
      const { device, library } = await machine()
      const rows = await runCases(device, cases, (done, total) => progress('self-test', done, total), library)
      return send({ type: 'selftest', requestId: command.requestId, rows })
    }
    case 'export':
      return exportRun(command)
    case 'open':
      await open(command.id, command.unstored)
      if (!command.paused && session?.runId === command.id) resume()
      return tick()
    case 'look':
      return look(command.id)
    case 'walk':
      return walk(command)
    case 'saves':
      return keeper.list()
    case 'save':
      return keeper.now()
    case 'discard':
      return keeper.discard(command.id)
    case 'forget':
      return keeper.forget()
  }
}

/** Commands that must not wait behind a long one, or be waited for. */
const atOnce: readonly Command['type'][] = ['measure', 'walk', 'pause', 'cancel-measure', 'saves', 'save']

// The others are obeyed one after another. After each the run may have come to rest somewhere else.
let queue = Promise.resolve()
addEventListener('message', ({ data }: MessageEvent<Command>) => {
  const obeyed = () => obey(data)
    .catch((error: unknown) => {
      if (data.type === 'measure') return fault(error, 'measure', data.id)
      fault(error)
      if (session) send(session.tick()) // those that came while the page waited for another run were not for it
    })
    .finally(() => { if (session?.state !== 'running') keeper.soon() })
  if (atOnce.includes(data.type)) void obeyed()
  else queue = queue.then(knowShelved).then(obeyed, obeyed)
})
addEventListener('unhandledrejection', event => fault(event.reason))
