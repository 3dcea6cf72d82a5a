import { Command, Option } from 'commander'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { exportWeights, FORMATS, type WeightFormat } from '../../lab/weights_file.ts'
import type { WeightKind } from '../../onnx/metadata.ts'
import { CommandError } from '../failure.ts'
import { prepareFile, readWith, writeOne } from '../files.ts'
import { type OutputOptions, print } from '../output.ts'
import { versions } from '../record.ts'
import { parseCount } from '../settings.ts'
import type { MakeCommand } from './command.ts'

interface ExportOptions extends OutputOptions {
  checkpoint: string
  replica: string
  weights: WeightKind
  format: WeightFormat
  layer?: string
  out: string
}

export const exportCommand: MakeCommand = done => new Command('export')
  .description('write the weights of one replica for other programs: ONNX or safetensors')
  .requiredOption('--checkpoint <file>', 'a checkpoint.npz')
  .option('--replica <number>', 'which replica of it, 0 for the first', '0')
  .addOption(new Option('--weights <kind>', 'the running mean, or those the optimiser works on').choices(['ema', 'raw']).default('ema'))
  .addOption(new Option('--format <name>', 'a model that runs, or weights by name').choices(FORMATS).default('onnx'))
  .option('--layer <number>', 'block whose mean token the ONNX model also answers with (objective.layer)')
  .requiredOption('--out <file>', 'where to write it')
  .option('--json', 'what was written as JSON')
  .action(async (options: ExportOptions) => {
    const checkpoint = readWith(options.checkpoint, decodeCheckpoint)
    const replica = parseCount('--replica', options.replica, 0)
    const { net, replicas } = checkpoint.config
    if (replica >= replicas.length) throw new CommandError(`--replica ${replica}: ${options.checkpoint} has ${replicas.length} replicas, counted from 0`)
    const layer = options.layer === undefined ? undefined : parseCount('--layer', options.layer)
    if (layer !== undefined && layer > net.blocks) throw new CommandError(`--layer ${layer}: the network has ${net.blocks} blocks`)
    const out = prepareFile(options.out)
    const { weights, format } = options
    const bytes = exportWeights(checkpoint, { replica, weights, format, layer, version: versions().lab })
    writeOne(out, bytes)
    await print(options, { out, format, replica, weights, step: checkpoint.step, bytes: bytes.length }, () => `${weights} weights of replica ${replica} at step ${checkpoint.step} are in ${options.out} (${format}, ${bytes.length.toLocaleString('en')} bytes)`)
    done(0)
  })
