import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { parseConfig } from '../../config.ts'
import { KernelLibrary } from '../../engine/kernel.ts'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { type Checkpoint, Session } from '../../lab/session.ts'
import { studies } from '../../lab/studies/index.ts'
import { judge, type Study } from '../../lab/studies/study.ts'
import type { Measurement } from '../../panel.ts'
import { type ClaimResult, readStudyRecord, type StudyRecord } from '../../record_schema.ts'
import { drive } from '../drive.ts'
import { CommandError } from '../failure.ts'
import { prepareFolder, readJson, readWith, writeOne } from '../files.ts'
import { samplesPng } from '../../lab/samples_png.ts'
import { openMachine } from '../machine.ts'
import { figure, type OutputOptions, print, progressBar, spreadFigure, table } from '../output.ts'
import { versions } from '../record.ts'
import { nearTo, withSettings } from '../settings.ts'
import { collect, type MakeCommand } from './command.ts'

interface ReproduceOptions extends OutputOptions {
  out: string
  run?: string
  set: string[]
  only?: string
}

export const reproduce: MakeCommand = done => new Command('reproduce')
  .description('run the study behind a figure with its seeds, measure it, and write down what each claim comes to')
  .argument('<study>', studies.map(({ id }) => id).join(', '))
  .option('--out <folder>', 'where the record goes, as <study>.json', 'public/studies')
  .option('--run <folder>', 'the folder of the training run: used if it holds a checkpoint, else made', undefined)
  .option('--set <section.key=value>', 'change a setting of the run, to try it out small; may be given several times', collect, [])
  .option('--only <names>', 'measure only these diagnostics anew, comma-separated, and keep the others of the record that is there; “none” goes over the claims alone, and needs no run')
  .option('--json', 'the claims as JSON')
  .action(async (name: string, options: ReproduceOptions) => {
    const study = studyOf(name)
    const out = prepareFolder(options.out)
    const record = join(out, `${study.id}.json`)
    const shown = (claims: ClaimResult[]) => print(options, claims, () => table([
      ['claim', 'source', ...claims[0].effects.map((_, i) => `seed ${i + 1}`), 'mean ± SD', 'unit', ''],
      ...claims.map(claim => [claim.text, claim.source, ...claim.effects.map(figure), spreadFigure(claim.mean, claim.deviation), claim.unit, claim.verdict]),
    ]))
    if (options.only === 'none') {
      await shown(judgeAnew(study, record))
      return done(0)
    }
    const folder = options.run ?? join('runs', study.id)
    const file = join(folder, 'checkpoint.npz')
    if (!existsSync(file)) {
      const config = parseConfig(withSettings({ ...study.config, evaluate: { measure: false, ...study.config.evaluate } }, options.set))
      const status = await drive({ config, folder: prepareFolder(folder), tune: true, silent: true })
      if (status !== 0) return done(status)
    }
    await shown(await measureStudy(study, readWith(file, decodeCheckpoint), record, options.only))
    done(0)
  })

function studyOf(name: string): Study {
  const study = studies.find(({ id }) => id === name)
  if (study) return study
  const near = nearTo(name, studies.map(({ id }) => id))
  throw new CommandError(`there is no study “${name}”; ${near.length > 0 ? `near it: ${near.join(', ')}` : `there are ${studies.map(({ id }) => id).join(', ')}`}`)
}

/** The record that is there. @throws CommandError when it cannot be read */
function recordAt(file: string): StudyRecord {
  const record = readStudyRecord(readJson(file))
  if (typeof record === 'string') throw new CommandError(`${file}: ${record}`)
  return record
}

/** Its claims, from its own numbers. */
function judgeAnew(study: Study, file: string): ClaimResult[] {
  const { claims: _, measurements, ...record } = recordAt(file)
  const claims = judge(study, { config: record.tick.config, lossByT: record.tick.lossByT!, measurements })
  const { title, figure: answers } = study
  writeOne(file, `${JSON.stringify({ ...record, title, figure: answers, claims, measurements }, short)}\n`)
  return claims
}

/** @throws CommandError when it is of another run */
function recordOf(file: string, { step }: Checkpoint): StudyRecord {
  const record = recordAt(file)
  if (record.tick.step !== step) throw new CommandError(`${file} is of step ${record.tick.step} and the run stands at ${step}: leave --only out and measure all anew`)
  return record
}

/** @param only diagnostics to measure anew, comma-separated; the rest of the record that is there stays. All is measured when left out. */
async function measureStudy(study: Study, checkpoint: Checkpoint, file: string, only: string | undefined): Promise<ClaimResult[]> {
  const record = only === undefined ? null : recordOf(file, checkpoint)
  const kept = record ? record.measurements.filter(({ id, step }) => step !== checkpoint.step || !only!.split(',').includes(id)) : checkpoint.history?.measurements ?? []
  const done = new Set(kept.filter(({ step }) => step === checkpoint.step).map(({ id }) => id))
  const machine = await openMachine()
  let bar = progressBar('measuring')
  const session = await Session.create(machine.device, new KernelLibrary(machine.device), study.id, checkpoint.config, {
    checkpoint, breathe: () => new Promise(resolve => { setImmediate(resolve) }), measuring: (id, finished, total) => { if (id !== null) bar.update(finished, total, id) },
  })
  const found: Measurement[] = []
  const work = async () => {
    if (!record) {
      await session.evaluate()
      await session.sample()
    }
    for (const [id, settings] of Object.entries(study.measures)) {
      if (done.has(id)) continue
      found.push(await session.measure(id, settings))
      bar.stop()
      bar = progressBar('measuring')
    }
  }
  await Promise.race([work(), machine.broken])
  const { samples, ...rest } = session.tick()
  const tick = record?.tick ?? { ...rest, samples: null }
  const measurements = [...kept, ...found].filter(({ id }) => id in study.measures)
  const claims = judge(study, { config: tick.config, lossByT: tick.lossByT!, measurements })
  const { id, title, figure } = study
  const made: Omit<StudyRecord, 'claims' | 'measurements'> = record ?? {
    format: 'low-noise-lab study', version: 1, study: id, title, figure, date: new Date().toISOString().slice(0, 10), versions: versions(), adapter: machine.capabilities.adapter, tick,
  }
  writeOne(file, `${JSON.stringify({ ...made, claims, measurements: measurements.map(thinned) }, short)}\n`)
  if (!record && !session.data.dataset.plane) writeOne(file.replace(/json$/, 'png'), samplesPng(samples!))
  await session.destroy()
  return claims
}

/** Points of the plane that are enough to look at. */
const POINTS = 64

/** With fewer points to paint; curves stay as they were measured. */
function thinned(measurement: Measurement): Measurement {
  return {
    ...measurement,
    panels: measurement.panels.map(panel => (panel.plane ? {
      ...panel,
      plane: {
        ...panel.plane, data: panel.plane.data.slice(0, 2 * POINTS), dataClasses: panel.plane.dataClasses.slice(0, POINTS),
        views: panel.plane.views.map(view => {
          const n = view.classes.length
          return { ...view, classes: view.classes.slice(0, POINTS), ways: view.ways.filter((_, at) => at % (2 * n) < 2 * POINTS) }
        }),
      },
    } : panel)),
  }
}

/** Five digits are more than any chart shows; pixels of pictures need three. */
function short(_: string, value: unknown): unknown {
  if (value instanceof Float32Array) return Array.from(value, pixel => Number(pixel.toPrecision(3)))
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}
