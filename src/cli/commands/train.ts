import { Command } from 'commander'
import { type Config, isLive, parseConfig, type SectionName } from '../../config.ts'
import type { Dataset } from '../../datasets/dataset.ts'
import { fittedTo } from '../../datasets/fitting.ts'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { checkConfig } from '../../lab/data.ts'
import type { Checkpoint } from '../../lab/session.ts'
import { drive } from '../drive.ts'
import { CommandError } from '../failure.ts'
import { prepareFolder, readWith } from '../files.ts'
import type { OutputOptions } from '../output.ts'
import { type DataOptions, dataOptions, openData, withoutDataPath } from '../own_data.ts'
import { differences, fileConfig, parseCount, presetConfig, withSettings } from '../settings.ts'
import { collect, type MakeCommand } from './command.ts'

interface TrainOptions extends OutputOptions, DataOptions {
  preset?: string
  config?: string
  set: string[]
  steps?: string
  out: string
  resume?: string
  tune: boolean
}

export const train: MakeCommand = done => dataOptions(new Command('train'))
  .description('train, and leave run.json, checkpoint.npz and samples.png in a folder')
  .option('--preset <name>', 'start from a preset')
  .option('--config <file>', 'start from a config, or from the one inside a run.json')
  .option('--set <section.key=value>', 'change a setting; may be given several times', collect, [])
  .option('--steps <number>', 'the step at which training stops (train.steps)')
  .requiredOption('--out <folder>', 'where results go; made if need be')
  .option('--resume <checkpoint>', 'go on from a checkpoint.npz, with its own config unless one is given')
  .option('--no-tune', 'take the preset register tiles instead of racing them; the numbers are the same')
  .option('--json', 'a summary as JSON')
  .action(async (options: TrainOptions) => {
    const given = withoutDataPath(options)
    const own = await openData(given) // before a checkpoint that may name it
    const from = options.resume === undefined ? undefined : { checkpoint: readWith(options.resume, decodeCheckpoint), file: options.resume }
    const config = configOf(given, from?.checkpoint, own)
    const folder = prepareFolder(options.out)
    done(await drive({ config, folder, from, tune: options.tune, json: options.json }))
  })

function configOf({ preset, config: file, set, steps, resume }: TrainOptions, checkpoint: Checkpoint | undefined, own: Dataset | undefined): Config {
  if (preset !== undefined && file !== undefined) throw new CommandError('--preset and --config exclude each other: give one of them')
  if (preset === undefined && file === undefined && !checkpoint) throw new CommandError('a start is missing: --preset NAME, --config FILE or --resume CHECKPOINT')
  const base = preset !== undefined ? presetConfig(preset) : file !== undefined ? fileConfig(file) : checkpoint!.config
  const settings = steps === undefined ? set : [...set, `train.steps=${parseCount('--steps', steps)}`]
  const config = parseConfig(withSettings(own ? fittedTo(parseConfig(base), own) : base, settings))
  checkConfig(config)
  if (!checkpoint) return config
  const changed = differences(config, checkpoint.config).find(name => !mayChange(name))
  if (changed) throw new CommandError(`${changed} is not as in ${resume}: going on can change live settings, evaluation and the number of steps only${changed === 'replicas' ? '; `lab fork` changes replicas' : ''}`)
  if (checkpoint.step >= config.train.steps) throw new CommandError(`${resume} stands at step ${checkpoint.step} already and training stops at step ${config.train.steps}: give a larger --steps`)
  return config
}

/** Of a run that goes on: whatever leaves its weights, its data and its draws what they are. */
function mayChange(name: string): boolean {
  const [section, field] = name.split('.') as [SectionName | 'replicas', string]
  return name === 'measures' || (section !== 'replicas' && (section === 'evaluate' || name === 'train.steps' || isLive(section, field)))
}
