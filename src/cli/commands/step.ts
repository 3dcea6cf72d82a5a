import { Command } from 'commander'
import { givenStep } from '../../lab/given_step.ts'
import { type NpzTensor, readNpz, type Writable, writeNpz } from '../../lab/npz.ts'
import { CommandError, EXIT } from '../failure.ts'
import { prepareFile, readJson, readWith, writeOne } from '../files.ts'
import { openMachine } from '../machine.ts'
import { figure, type OutputOptions, print } from '../output.ts'
import { batchOf, stepConfig, weightsOf } from '../step_input.ts'
import type { MakeCommand } from './command.ts'

interface StepOptions extends OutputOptions {
  weights: string
  batch: string
  config: string
  out: string
}

export const step: MakeCommand = done => new Command('step')
  .description('one training step’s worth on exactly the given numbers: outputs, losses and every gradient')
  .requiredOption('--weights <file>', '.npz with weights by the names of facebookresearch/DiT, in PyTorch’s layouts')
  .requiredOption('--batch <file>', '.npz with x0 and eps (B,ch,h,w), t (B), and y (B) for a net with classes')
  .requiredOption('--config <file>', 'JSON with net and objective')
  .requiredOption('--out <file>', '.npz to write')
  .option('--json', 'the losses as JSON')
  .action(async (options: StepOptions) => {
    const read = (path: string): Record<string, NpzTensor> => readWith(path, readNpz)
    const asked = stepConfig(readJson(options.config), options.config)
    const weights = weightsOf(read(options.weights), asked.net, options.weights)
    const { config, given } = batchOf(read(options.batch), asked, options.batch)
    const out = prepareFile(options.out)

    const machine = await openMachine()
    const result = await Promise.race([givenStep(machine.device, config, weights, given), machine.broken])
    const { velocity, features, lossPerSample, loss, lossFlow, lossContrastive, gradients } = result
    const B = config.train.batch
    const { channels, size } = config.net
    const number = (value: number) => ({ shape: [], data: Float32Array.of(value) })
    const tensors: Record<string, Writable> = {
      velocity: { shape: [B, channels, size, size], data: velocity },
      ...(asked.wantsFeatures ? { features: { shape: [B, features.length / B], data: features } } : {}),
      loss_per_sample: { shape: [B], data: lossPerSample },
      loss: number(loss), loss_fm: number(lossFlow), loss_contrastive: number(lossContrastive),
      ...Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [`g/${name}`, gradient])),
    }
    const broken = Object.entries(tensors).find(([, { data }]) => (data as Float32Array).some(value => !Number.isFinite(value)))
    if (broken) throw new CommandError(`the step gives numbers that are not finite, first in ${broken[0]}: the weights or the batch are too large for float32`, EXIT.failed)
    writeOne(out, writeNpz(tensors))
    await print(options, { out, adapter: machine.capabilities.adapter, loss, loss_fm: lossFlow, loss_contrastive: lossContrastive, tensors: Object.keys(tensors) },
      () => `loss ${figure(loss)} (flow ${figure(lossFlow)}, contrastive ${figure(lossContrastive)}); ${Object.keys(tensors).length} tensors are in ${options.out}`)
    done(0)
  })
