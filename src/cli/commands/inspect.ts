import { Command } from 'commander'
import { ConfigError } from '../../config.ts'
import { type FileHolds, inspectFiles } from '../../lab/inspect_file.ts'
import type { ModelValue } from '../../file_protocol.ts'
import { decodePicture } from '../decode_picture.ts'
import { CommandError } from '../failure.ts'
import { type OutputOptions, print, table } from '../output.ts'
import { filesAt } from '../own_data.ts'
import type { MakeCommand } from './command.ts'

export const inspect: MakeCommand = done => new Command('inspect')
  .description('what a file holds: an ONNX model, safetensors, a run (.zip, checkpoint.npz), arrays (.npz), or images (CIFAR-10, IDX, .npy, pictures in a folder or .zip)')
  .argument('<file>', 'any file that the lab reads, or a folder of pictures')
  .option('--json', 'everything as JSON; of an ONNX model also the values on the way')
  .action(async (path: string, options: OutputOptions) => {
    const holds = await inspectFiles(filesAt(path, ''), decodePicture).catch((error: unknown) => {
      throw error instanceof ConfigError || error instanceof RangeError ? new CommandError(`${path}: ${error.message}`) : error
    })
    await print(options, holds.kind === 'onnx' ? { kind: holds.kind, ...holds.about } : holds, () => inWords(holds))
    done(0)
  })

const shapeText = (shape: readonly (number | string | null)[]) => `(${shape.map(size => size ?? '?').join(', ')})`
const count = (number: number) => number.toLocaleString('en')

function inWords(holds: FileHolds): string {
  switch (holds.kind) {
    case 'onnx': {
      const { inputs, outputs, parameters, nodes, opsets, producer, operators, metadata, files } = holds.about
      const row = (kind: string) => ({ name, type, shape }: ModelValue) => [kind, name, type, shape ? shapeText(shape) : '']
      return [
        table([...inputs.map(row('input')), ...outputs.map(row('output'))]),
        `${count(parameters)} parameters, ${nodes} nodes, opset ${Object.entries(opsets).map(([domain, version]) => `${domain && `${domain} `}${version}`).join(', ')}${producer && `, by ${producer}`}`,
        operators.map(({ name, count: times }) => `${times} ${name}`).join(', '),
        ...Object.entries(metadata).map(([key, value]) => `${key}: ${value}`),
        ...files.map(name => `its weights are in a second file: ${name}`),
      ].join('\n')
    }
    case 'safetensors':
      return [table([['tensor', 'shape', 'type', 'is'], ...holds.tensors.map(({ name, shape, type, role }) => [name, shapeText(shape), type, role ?? ''])]), `net: ${JSON.stringify(holds.net)}${holds.step === null ? '' : `, step ${holds.step}`}`, ...holds.notes].join('\n')
    case 'run':
      return [`a run of the lab at step ${count(holds.step)}, ${holds.replicas} replica${holds.replicas > 1 ? 's' : ''}; ${holds.losses} losses by noise level kept, measured: ${holds.measurements.join(', ') || 'nothing'}`, JSON.stringify(holds.config, null, 1)].join('\n')
    case 'arrays':
      return table([['array', 'shape', 'type'], ...holds.arrays.map(({ name, shape, type }) => [name, shapeText(shape), type])])
    case 'images': {
      const { format, name, width, height, channels, classes, heldOut, notes } = holds
      return [
        `${name}: ${format}, ${count(holds.count)} images of ${width}×${height} pixels, ${channels === 1 ? 'grey' : `${channels} channels`}, ${heldOut === null ? 'no split given' : `${count(heldOut)} held out`}`,
        table([['class', 'images'], ...classes.map(({ name: label, count: times }) => [label, count(times)])]), ...notes,
      ].join('\n')
    }
  }
}
