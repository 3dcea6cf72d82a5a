import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { type Config, ConfigError } from '../../config.ts'
import { fittedTo } from '../../datasets/fitting.ts'
import { KernelLibrary } from '../../engine/kernel.ts'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { guidanceSaid } from '../../model/guidance.ts'
import { samplesPng } from '../../lab/samples_png.ts'
import { Session } from '../../lab/session.ts'
import { CommandError } from '../failure.ts'
import { prepareFile, readWith, writeOne } from '../files.ts'
import { openMachine } from '../machine.ts'
import { type OutputOptions, print, progressBar } from '../output.ts'
import { type DataOptions, dataOptions, openData } from '../own_data.ts'
import { evaluatedAs } from '../settings.ts'
import { collect, type MakeCommand } from './command.ts'

interface SampleOptions extends OutputOptions, DataOptions {
  set: string[]
  solver?: string
  steps?: string
  count?: string
  guidance?: string
  interval?: string
  correction?: boolean
  out: string
}

export const sample: MakeCommand = done => dataOptions(new Command('sample'))
  .description('draw samples of every replica of a stored run, and leave them as one picture')
  .argument('<run>', 'a checkpoint.npz, or the folder of a run')
  .option('--set <evaluate.key=value>', 'change how samples are drawn, such as evaluate.rtol=1e-5 or evaluate.belowTMin=through; may be given several times', collect, [])
  .option('--solver <name>', 'how the velocity is followed from noise to data (evaluate.solver); the run’s own when left out')
  .option('--steps <number>', 'steps of the solver (evaluate.solverSteps)')
  .option('--count <number>', 'images of each replica (evaluate.samples)')
  .option('--guidance <w>', 'times what the label adds to the velocity (evaluate.guidance): 1 as trained, 0 without labels; for nets trained with classes and a label drop')
  .option('--interval <from,to>', 'noise levels in which guidance acts (evaluate.guidanceFrom and guidanceTo), for example 0.1,0.8')
  .option('--correction', 'put back what ΔFM pushed away (evaluate.correction)')
  .requiredOption('--out <file>', 'where to write the picture (png): held-out images above, then each replica’s, all from the same noise')
  .option('--json', 'what was written as JSON')
  .action(async (path: string, options: SampleOptions) => {
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'checkpoint.npz') : path
    const own = await openData(options) // before a checkpoint that may name it
    const checkpoint = readWith(file, decodeCheckpoint)
    const config = asked(own ? { ...fittedTo(checkpoint.config, own), net: checkpoint.config.net } : checkpoint.config, options)
    const out = prepareFile(options.out)
    const machine = await openMachine()
    const bar = progressBar('drawing images')
    try {
      const session = await Session.create(machine.device, new KernelLibrary(machine.device), file, config, { checkpoint, progress: (_, at, total) => bar.update(at, total) })
      bar.stop()
      const grid = await Promise.race([session.sample(), machine.broken])
      const { replicas } = session.tick()
      await session.destroy()
      writeOne(out, samplesPng(grid))
      const labels = replicas.map(({ label }) => label)
      const { evaluate: { solver, solverSteps: steps, guidance } } = config
      const forced = Math.max(0, ...grid.forced ?? [])
      const told = [solver, grid.evaluations ? `${Math.max(...grid.evaluations)} evaluations` : `${steps} steps`, ...(forced > 0 ? [`${forced} steps with a larger error than allowed`] : []), ...guidanceSaid(config)].join(', ')
      await print(options, { out, checkpoint: file, step: checkpoint.step, replicas: labels, count: grid.count, solver, steps, guidance, evaluations: grid.evaluations, forced: grid.forced },
        () => `${grid.count} samples of ${labels.join(', ')} at step ${checkpoint.step} (${told}) are in ${options.out}, below as many held-out images`)
    } catch (error) {
      if (error instanceof ConfigError || error instanceof RangeError) throw new CommandError(error.message)
      throw error
    } finally {
      bar.stop()
    }
    done(0)
  })

/** @throws CommandError for what is no two numbers */
function levelsOf(interval: string): string[] {
  const levels = interval.split(',')
  if (levels.length !== 2 || !levels.every(level => level.trim() !== '' && Number.isFinite(Number(level)))) throw new CommandError(`--interval ${interval}: two noise levels from 0 to 1 are expected, for example 0.1,0.8`)
  return levels
}

/** A stored run's config as samples are to be drawn. @throws CommandError for what its schema does not take */
function asked(config: Config, { set, solver, steps, count, guidance, interval, correction }: SampleOptions): Config {
  const [from, to] = interval === undefined ? [] : levelsOf(interval)
  const given = [
    ['--solver', 'solver', solver], ['--steps', 'solverSteps', steps], ['--count', 'samples', count], ['--guidance', 'guidance', guidance],
    ['--interval', 'guidanceFrom', from], ['--interval', 'guidanceTo', to], ['--correction', 'correction', correction],
  ].filter(([, , value]) => value !== undefined)
  try {
    return evaluatedAs(config, [...set, ...given.map(([, field, value]) => `evaluate.${field}=${value}`)])
  } catch (error) {
    if (error instanceof ConfigError || error instanceof CommandError) throw new CommandError(given.reduce((message, [option, field]) => message.replace(`evaluate.${field}:`, `${option}:`), error.message))
    throw error
  }
}
