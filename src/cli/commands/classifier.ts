import { Command } from 'commander'
import { ConfigError, netSchema } from '../../config.ts'
import type { ProceduralDataset } from '../../datasets/dataset.ts'
import { datasets } from '../../datasets/index.ts'
import { KernelLibrary } from '../../engine/kernel.ts'
import { encodeClassifier } from '../../lab/classifiers/file.ts'
import { trainClassifier } from '../../lab/classifiers/train.ts'
import { CommandError } from '../failure.ts'
import { prepareFile, writeOne } from '../files.ts'
import { openMachine } from '../machine.ts'
import { type OutputOptions, print, progressBar } from '../output.ts'
import { versions } from '../record.ts'
import { parseCount } from '../settings.ts'
import type { MakeCommand } from './command.ts'

interface ClassifierOptions extends OutputOptions {
  dataset: string
  size?: string
  steps: string
  seed: string
  out: string
}

/** Runs draw their images from small seeds; a classifier should not have seen those. */
const SEED = 20251121

export const classifier: MakeCommand = done => new Command('classifier')
  .description('train the small classifier whose features the Fréchet distance is taken in; those that come with the lab are in src/lab/classifiers')
  .requiredOption('--dataset <id>', 'a procedural data set')
  .option('--size <pixels>', 'side of the images; the data set’s own when left out')
  .option('--steps <number>', 'training steps of 64 images', '2000')
  .option('--seed <number>', 'of weights, images and noise', String(SEED))
  .requiredOption('--out <file>', 'where to write it (safetensors)')
  .option('--json', 'what was written as JSON')
  .action(async (options: ClassifierOptions) => {
    const dataset = datasets[options.dataset]
    if (!dataset || dataset.available) throw new CommandError(`--dataset ${options.dataset}: one of ${Object.values(datasets).filter(({ available }) => !available).map(({ id }) => id).join(', ')} is expected`)
    const size = options.size === undefined ? dataset.size : parseCount('--size', options.size)
    if (!dataset.sizes.includes(size)) throw new CommandError(`--size ${size}: ${dataset.label} can be drawn at ${dataset.sizes.join(', ')} pixels`)
    const [steps, seed] = [parseCount('--steps', options.steps), parseCount('--seed', options.seed, 0)]
    const out = prepareFile(options.out)
    // From 16 pixels on, patches of 4 are enough and a quarter of the work, which a larger net needs.
    const net = netSchema.parse({ channels: dataset.channels, size, heads: 4, ...(size >= 16 ? { patch: 4, width: 48, blocks: 3 } : { patch: 2, width: 32, blocks: 2 }) })
    const machine = await openMachine()
    const bar = progressBar('training')
    try {
      const training = trainClassifier(machine.device, new KernelLibrary(machine.device), { dataset: dataset as ProceduralDataset, net, steps, seed }, (at, loss) => bar.update(at, steps, `loss ${loss.toFixed(3)}`))
      const found = await Promise.race([training, machine.broken])
      const bytes = encodeClassifier(found, { dataset: dataset.id, command: `npm run lab -- classifier --dataset ${dataset.id} --size ${size} --steps ${steps} --seed ${seed}`, adapter: machine.capabilities.adapter, version: versions().lab })
      writeOne(out, bytes)
      const { accuracy, tested } = found
      await print(options, { out, dataset: dataset.id, size, steps, seed, accuracy, tested, bytes: bytes.length },
        () => `a classifier of ${dataset.label} at ${size} pixels is in ${options.out}: right on ${(100 * accuracy).toFixed(1)} % of ${tested.toLocaleString('en')} held-out images`)
    } catch (error) {
      if (error instanceof ConfigError || error instanceof RangeError) throw new CommandError(error.message)
      throw error
    } finally {
      bar.stop()
    }
    done(0)
  })
