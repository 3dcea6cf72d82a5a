import { Command, Option } from 'commander'
import { decodeCheckpoint } from '../../lab/checkpoint.ts'
import { exportWeights, FORMATS, type WeightFormat } from '../../lab/weights_file.ts'
import type { WeightKind } from '../../onnx/metadata.ts'
import { generateData } from '../../lab/data.ts'
import { outgrownFolder } from '../../lab/outgrown/folder.ts'
import type { Checkpoint } from '../../lab/session.ts'
import { CommandError } from '../failure.ts'
import { prepareFile, prepareFolder, readWith, writeOne, writeTogether } from '../files.ts'
import { type OutputOptions, print, progressBar } from '../output.ts'
import { versions } from '../record.ts'
import { parseCount } from '../settings.ts'
import type { MakeCommand } from './command.ts'

interface ExportOptions extends OutputOptions {
  checkpoint: string
  replica: string
  weights: WeightKind
  format: WeightFormat | typeof PYTORCH
  layer?: string
  out: string
}

/** No file of weights but a folder that goes on training. */
const PYTORCH = 'pytorch'

export const exportCommand: MakeCommand = done => new Command('export')
  .description('write one replica for other programs: ONNX, safetensors, or a folder that PyTorch goes on training with')
  .requiredOption('--checkpoint <file>', 'a checkpoint.npz')
  .option('--replica <number>', 'which replica of it, 0 for the first', '0')
  .addOption(new Option('--weights <kind>', 'the running mean, or those the optimiser works on').choices(['ema', 'raw']).default('ema'))
  .addOption(new Option('--format <name>', 'a model that runs, weights by name, or a folder with a script for many GPUs').choices([...FORMATS, PYTORCH]).default('onnx'))
  .option('--layer <number>', 'block whose mean token the ONNX model also answers with (objective.layer)')
  .requiredOption('--out <file>', 'where to write it; a folder for pytorch')
  .option('--json', 'what was written as JSON')
  .action(async (options: ExportOptions) => {
    const checkpoint = readWith(options.checkpoint, decodeCheckpoint)
    const replica = parseCount('--replica', options.replica, 0)
    const { net, replicas } = checkpoint.config
    if (replica >= replicas.length) throw new CommandError(`--replica ${replica}: ${options.checkpoint} has ${replicas.length} replicas, counted from 0`)
    const layer = options.layer === undefined ? undefined : parseCount('--layer', options.layer)
    if (layer !== undefined && layer > net.blocks) throw new CommandError(`--layer ${layer}: the network has ${net.blocks} blocks`)
    const { weights, format } = options
    if (format === PYTORCH) {
      await writeFolder(checkpoint, replica, options)
      return done(0)
    }
    const out = prepareFile(options.out)
    const bytes = exportWeights(checkpoint, { replica, weights, format, layer, version: versions().lab })
    writeOne(out, bytes)
    await print(options, { out, format, replica, weights, step: checkpoint.step, bytes: bytes.length }, () => `${weights} weights of replica ${replica} at step ${checkpoint.step} are in ${options.out} (${format}, ${bytes.length.toLocaleString('en')} bytes)`)
    done(0)
  })

async function writeFolder(checkpoint: Checkpoint, replica: number, options: ExportOptions): Promise<void> {
  const folder = prepareFolder(options.out)
  const bar = progressBar('drawing images')
  const data = await generateData(checkpoint.config, (_, done, total) => bar.update(done, total)).finally(() => bar.stop())
  const files = outgrownFolder(checkpoint, replica, data, versions().lab)
  writeTogether(folder, files)
  await print(options, { out: folder, format: PYTORCH, replica, step: checkpoint.step, files: Object.keys(files) },
    () => `replica ${replica} at step ${checkpoint.step} is in ${options.out}: torchrun --nproc_per_node GPUS ${options.out}/train.py goes on with it`)
}
