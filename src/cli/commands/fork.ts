import { Command } from 'commander'
import { parseConfig, type ReplicaConfig } from '../../config.ts'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { checkConfig } from '../../lab/data.ts'
import { forkHistory } from '../../lab/history.ts'
import { resolveReplica } from '../../model/replica.ts'
import { drive } from '../drive.ts'
import { CommandError } from '../failure.ts'
import { prepareFolder, readWith } from '../files.ts'
import type { OutputOptions } from '../output.ts'
import { type DataOptions, dataOptions, openData } from '../own_data.ts'
import { parseCount, parseReplica } from '../settings.ts'
import { collect, type MakeCommand } from './command.ts'

interface ForkOptions extends OutputOptions, DataOptions {
  checkpoint: string
  from: string
  replica: string[]
  steps?: string
  out: string
  tune: boolean
}

export const fork: MakeCommand = done => dataOptions(new Command('fork'))
  .description('go on from one replica of a checkpoint as new replicas with other knobs')
  .requiredOption('--checkpoint <file>', 'a checkpoint.npz')
  .option('--from <replica>', 'which replica of it, 0 for the first', '0')
  .option('--replica <json>', 'a new replica, such as \'{"method":"lcf","lambda":0.05}\'; may be given several times', collect, [])
  .option('--steps <number>', 'the step at which training stops, counted from the start of the first run')
  .requiredOption('--out <folder>', 'where results go; made if need be')
  .option('--no-tune', 'take the preset register tiles instead of racing them; the numbers are the same')
  .option('--json', 'a summary as JSON')
  .action(async (options: ForkOptions) => {
    await openData(options) // before a checkpoint that may name it
    const parent = readWith(options.checkpoint, decodeCheckpoint)
    const from = parseCount('--from', options.from, 0)
    const source = parent.config.replicas[from]
    if (!source) throw new CommandError(`--from ${from}: ${options.checkpoint} has ${parent.config.replicas.length} replicas, counted from 0`)
    if (options.replica.length === 0) throw new CommandError('--replica is missing: give one for each replica to come, for example --replica \'{"method":"fm"}\'')

    // Draws go on where the parent's stood, so its seed goes along unless another is asked for.
    const { seed } = resolveReplica(parent.config, source).train
    const wanted = options.replica.map(parseReplica).map(replica => (typeof replica === 'object' && replica !== null ? { seed, ...(replica as ReplicaConfig) } : replica))
    const steps = options.steps === undefined ? parent.config.train.steps : parseCount('--steps', options.steps)
    const config = parseConfig({ ...parent.config, train: { ...parent.config.train, steps }, replicas: wanted })
    checkConfig(config)
    if (parent.step >= steps) throw new CommandError(`${options.checkpoint} stands at step ${parent.step} already and training stops at step ${steps}: give a larger --steps`)

    const event = { step: parent.step, label: `forked from replica ${from}` }
    const past = parent.history && { history: forkHistory(parent.history, from, wanted.length, event) }
    const checkpoint = { config, step: parent.step, replicas: wanted.map(() => parent.replicas[from]), ...past }
    done(await drive({ config, folder: prepareFolder(options.out), from: { checkpoint, file: options.checkpoint }, events: past ? [] : [event], tune: options.tune, json: options.json }))
  })
