/** Drives one session to its end, or to Ctrl-C, and leaves its files behind: run.json, checkpoint.npz, samples.png. */
import { KernelLibrary } from '../engine/kernel.ts'
import type { Tiles } from '../engine/recorder.ts'
import { mebibytes } from '../engine/recording.ts'
import type { Config } from '../config.ts'
import { encodeCheckpoint } from '../lab/checkpoint.ts'
import { type Checkpoint, Session } from '../lab/session.ts'
import { about, expectedTime } from '../lab/expect.ts'
import { planMemory } from '../lab/plan.ts'
import { measureSpeed } from '../lab/speed.ts'
import { chooseTiles, presetTiles } from '../lab/tune.ts'
import type { RunEvent } from '../protocol.ts'
import { CommandError, EXIT } from './failure.ts'
import { writeTogether } from './files.ts'
import { samplesPng } from '../lab/samples_png.ts'
import { onInterrupt } from './interrupt.ts'
import { type Machine, openMachine } from './machine.ts'
import { figure, type OutputOptions, print, progressBar, table } from './output.ts'
import { type Outcome, recordText, type RunRecord, versions } from './record.ts'
import { fileTileCache } from './tile_file.ts'

const LOOK_MS = 250

export interface Drive extends OutputOptions {
  config: Config
  /** Made and tried out already. */
  folder: string
  from?: { checkpoint: Checkpoint; file: string }
  events?: RunEvent[]
  /** Race register tiles first, or take the preset ones. */
  tune: boolean
  /** Print no summary: the caller has one of its own. */
  silent?: boolean
}

/** @returns the exit code */
export async function drive(options: Drive): Promise<number> {
  const { config, folder, from } = options
  const startedAt = new Date()
  const machine = await openMachine()
  const plan = planMemory(config, machine.capabilities.limits, presetTiles(machine.device))
  if (plan.refusal) throw new CommandError(plan.refusal)

  const library = new KernelLibrary(machine.device)
  if (!options.silent) await announce(options, machine, library)
  const began = performance.now()
  const tiles = options.tune ? await chooseTiles(machine.device, machine.capabilities, config, fileTileCache()) : presetTiles(machine.device)
  const drawing = progressBar('drawing images')
  const session = await Session.create(machine.device, library, startedAt.toISOString(), config, {
    tiles, checkpoint: from?.checkpoint, progress: (_, done, total) => drawing.update(done, total), unmeasured: message => void process.stderr.write(`lab: ${message}\n`), breathe: () => new Promise(resolve => { setImmediate(resolve) }),
  }).finally(() => drawing.stop())
  session.events.push(...(options.events ?? []))
  const preparation = (performance.now() - began) / 1000

  // Held until everything is written: the terminal and the launcher may both send the signal of one key press.
  const interrupt = onInterrupt(() => {
    session.cancelMeasure()
    void session.pause()
  })
  const trainingBegan = performance.now()
  const outcome = await train(session, machine)
  const training = (performance.now() - trainingBegan) / 1000
  const record = { ...await save(session, options, machine, tiles, outcome), startedAt: startedAt.toISOString() }
  record.duration = { ...record.duration, preparation, training }
  await write(session, record, folder)
  await session.destroy()
  interrupt.release()

  if (!options.silent) await print(options, summary(record, folder), () => report(record, folder))
  if (outcome === 'diverged') throw new CommandError(`the gradient was not finite for 20 steps up to step ${record.step}, so training stopped; the usual cause is the learning rate`, EXIT.failed)
  return outcome === 'interrupted' ? EXIT.interrupted : 0
}

/** What the run will take, before it takes it. */
async function announce({ config, from }: Drive, { device, capabilities: { adapter, limits } }: Machine, library: KernelLibrary): Promise<void> {
  const speed = await measureSpeed(device, library)
  const { total, time } = planMemory(config, limits, presetTiles(device), run => expectedTime(run, config, speed))
  const { train: { steps } } = config
  const left = 1 - (from?.checkpoint.step ?? 0) / steps
  process.stderr.write(`lab: ${about(left * time!.seconds)} on ${adapter}: ${Math.round(left * steps)} steps of about ${figure(Number(time!.step.toPrecision(2)))} s, and what is measured on the way; ${mebibytes(total)} of GPU memory\n`)
}

/** Until the last step, Ctrl-C, or a gradient that stays broken. */
async function train(session: Session, machine: Machine): Promise<Outcome> {
  const bar = progressBar('training')
  let diverged = false
  let looking = Promise.resolve()
  const look = async () => {
    await session.readMetrics()
    const { step, steps, stepsPerSecond, replicas } = session.tick()
    bar.update(step, steps, `${figure(stepsPerSecond)} steps/s  ${replicas.map(({ label, last }) => `${label} ${figure(last.flow)}`).join('  ')}`)
    if (session.stuck) {
      diverged = true
      await session.pause()
    }
  }
  const timer = setInterval(() => { looking = looking.then(look) }, LOOK_MS)
  try {
    await Promise.race([session.advance(Number.MAX_SAFE_INTEGER), machine.broken])
    await looking
    await session.readMetrics()
  } finally {
    clearInterval(timer)
    bar.stop()
  }
  if (diverged || session.stuck) return 'diverged'
  return session.step < session.steps ? 'interrupted' : 'finished'
}

/** The record as it stands; measures and samples at the last step unless that has just happened. */
async function save(session: Session, { from }: Drive, machine: Machine, tiles: Tiles, outcome: Outcome): Promise<RunRecord> {
  const before = session.tick()
  if (before.lossByT?.step !== session.step) await session.evaluate()
  if (before.samples?.step !== session.step) await session.sample()
  const { config, step, steps, stepsPerSecond, cost, replicas, lossByT, bands, events } = session.tick()
  return {
    format: 'low-noise-lab run', version: 1, outcome, command: process.argv.slice(2), config, step, steps,
    from: from ? { step: from.checkpoint.step, file: from.file } : null,
    versions: versions(), adapter: machine.capabilities, tiles, startedAt: '', duration: { preparation: 0, training: 0, stepsPerSecond },
    cost, metrics: replicas, lossByT, bands, measurements: session.measurements, events,
  }
}

async function write(session: Session, record: RunRecord, folder: string): Promise<void> {
  const checkpoint = new Uint8Array(encodeCheckpoint(await session.snapshot()))
  writeTogether(folder, { 'checkpoint.npz': checkpoint, 'samples.png': samplesPng(session.tick().samples!), 'run.json': recordText(record) })
}

function summary(record: RunRecord, folder: string) {
  const { outcome, step, steps, duration, adapter, lossByT } = record
  return {
    folder, outcome, step, steps, duration, adapter: adapter.adapter,
    replicas: record.metrics.map(({ label, method, seed, last, skipped }, r) => ({ label, method, seed, skipped, last, lossByT: lossByT?.mean[r] })),
    t: lossByT?.t,
  }
}

function report(record: RunRecord, folder: string): string {
  const { bands, duration } = record
  const rows = record.metrics.map(({ label, last }, r) => [label, figure(last.flow), figure(last.contrastive), ...bands.map(band => figure(band.value[r]?.at(-1)))])
  return [
    table([['', 'flow', 'contrast', ...bands.map(({ label }) => label)], ...rows]),
    `${record.outcome} at step ${record.step} of ${record.steps}: ${figure(duration.training)} s, ${figure(duration.stepsPerSecond)} steps/s on ${record.adapter.adapter}`,
    `run.json, checkpoint.npz and samples.png are in ${folder}`,
  ].join('\n')
}
