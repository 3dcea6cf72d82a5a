import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { type Config, ConfigError, parseConfig } from '../../config.ts'
import { fittedTo } from '../../datasets/fitting.ts'
import { KernelLibrary } from '../../engine/kernel.ts'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { samplesPng } from '../../lab/samples_png.ts'
import { Session } from '../../lab/session.ts'
import { CommandError } from '../failure.ts'
import { prepareFile, readWith, writeOne } from '../files.ts'
import { openMachine } from '../machine.ts'
import { type OutputOptions, print, progressBar } from '../output.ts'
import { type DataOptions, dataOptions, openData } from '../own_data.ts'
import { parseCount } from '../settings.ts'
import type { MakeCommand } from './command.ts'

interface SampleOptions extends OutputOptions, DataOptions {
  solver?: string
  steps?: string
  count?: string
  out: string
}

export const sample: MakeCommand = done => dataOptions(new Command('sample'))
  .description('draw samples of every replica of a stored run, and leave them as one picture')
  .argument('<run>', 'a checkpoint.npz, or the folder of a run')
  .option('--solver <name>', 'how the velocity is followed from noise to data (evaluate.solver); the run’s own when left out')
  .option('--steps <number>', 'steps of the solver (evaluate.solverSteps)')
  .option('--count <number>', 'images of each replica (evaluate.samples)')
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
      const { evaluate: { solver, solverSteps: steps } } = config
      await print(options, { out, checkpoint: file, step: checkpoint.step, replicas: labels, count: grid.count, solver, steps, evaluations: grid.evaluations },
        () => `${grid.count} samples of ${labels.join(', ')} at step ${checkpoint.step} (${solver}, ${grid.evaluations ? `${Math.max(...grid.evaluations)} evaluations` : `${steps} steps`}) are in ${options.out}, below as many held-out images`)
    } catch (error) {
      if (error instanceof ConfigError || error instanceof RangeError) throw new CommandError(error.message)
      throw error
    } finally {
      bar.stop()
    }
    done(0)
  })

/** @throws CommandError for what the schema of a run does not take */
function asked(config: Config, { solver = config.evaluate.solver, steps, count }: SampleOptions): Config {
  const evaluate = {
    ...config.evaluate, solver, ...(steps !== undefined && { solverSteps: parseCount('--steps', steps) }), ...(count !== undefined && { samples: parseCount('--count', count) }),
  }
  try {
    return parseConfig({ ...config, evaluate })
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message.replace('evaluate.solverSteps', '--steps').replace('evaluate.solver', '--solver').replace('evaluate.samples', '--count'))
    throw error
  }
}
