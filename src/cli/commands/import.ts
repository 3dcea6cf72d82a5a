import { basename } from 'node:path'
import { Command } from 'commander'
import { encodeCheckpoint } from '../../lab/checkpoint.ts'
import { checkpointOf, readWeightsFile } from '../../lab/weights_file.ts'
import type { Imported } from '../../onnx/report.ts'
import { CommandError, EXIT } from '../failure.ts'
import { prepareFile, readBytes, readWith, writeOne } from '../files.ts'
import { type OutputOptions, print, table } from '../output.ts'
import { parseCount } from '../settings.ts'
import { collect, type MakeCommand } from './command.ts'

interface ImportCommandOptions extends OutputOptions {
  file: string
  data: string[]
  heads?: string
  size?: string
  dataset?: string
  approximate?: boolean
  out: string
}

export const importCommand: MakeCommand = done => new Command('import')
  .description('make a checkpoint of somebody’s weights: ONNX (also torch.onnx exports of a DiT) or safetensors by DiT’s names')
  .requiredOption('--file <file>', '.onnx or .safetensors')
  .option('--data <file>', 'a second file in which an ONNX model keeps its weights; may be given several times', collect, [])
  .option('--heads <number>', 'attention heads, where the file does not say')
  .option('--size <pixels>', 'side of the images, where the file does not say')
  .option('--dataset <name>', 'the data to go on with, where the file is not the lab’s own')
  .option('--approximate', 'also when the engine’s answer will differ from the file’s')
  .requiredOption('--out <file>', 'a checkpoint.npz to write, for `lab fork` and `lab evaluate`')
  .option('--json', 'the report, tensor by tensor, as JSON')
  .action(async (options: ImportCommandOptions) => {
    const count = (name: 'heads' | 'size') => (options[name] === undefined ? undefined : parseCount(`--${name}`, options[name]))
    const files = Object.fromEntries(options.data.map(path => [basename(path), readBytes(path)]))
    const imported = readWith(options.file, bytes => readWeightsFile(bytes, { files, heads: count('heads'), size: count('size') }))
    const { net, parameters, differences, asks } = imported
    if (asks.length > 0) throw new CommandError(`${options.file}: ${differences.at(-1)}: give ${asks.map(name => `--${name}`).join(' and ')}`)
    const whole = parameters !== null && (differences.length === 0 || options.approximate === true)
    const report = { file: options.file, net, step: imported.step, time: imported.time, differences, notes: imported.notes, missing: imported.missing, tensors: imported.tensors }
    if (!whole) {
      if (options.json) await print(options, { ...report, out: null }, () => '')
      else process.stderr.write(`${lines(imported)}\n`)
      const more = differences.length > 1 ? `, and ${differences.length - 1} more` : ''
      throw new CommandError(`${options.file} was not loaded: ${differences[0]}${more}${parameters ? '; --approximate loads it all the same' : ''}`, EXIT.failed)
    }
    const checkpoint = readWith(options.file, () => checkpointOf(imported, options.dataset === undefined ? {} : { data: { dataset: options.dataset } }))
    const out = prepareFile(options.out)
    writeOne(out, new Uint8Array(encodeCheckpoint(checkpoint)))
    await print(options, { ...report, out }, () => `${lines(imported)}\n${options.out} holds them at step 0, with ${checkpoint.config.data.dataset} as data`)
    done(0)
  })

function lines({ config, net, tensors, differences, notes, missing }: Imported): string {
  if (!net) return [...differences, ...notes].join('\n')
  const matched = tensors.filter(({ status }) => status === 'matched')
  const others = tensors.filter(({ status }) => status !== 'matched').map(({ name, shape, status, role }) => [status, name, `(${shape.join(', ')})`, role ?? ''])
  return [
    `${matched.length} of ${tensors.length} tensors are parameters of the engine`,
    ...(others.length > 0 ? [table(others)] : []),
    ...missing.map(({ name, shape }) => `missing: ${name} (${shape.join(', ')})`),
    ...differences.map(text => `differs: ${text}`), ...notes.map(text => `note: ${text}`),
    ...(config ? [] : ['note: what a network of others predicts is not in its file; here its answer is taken as the velocity ε − x0 of x_t = (1 − t) x0 + t ε']),
  ].join('\n')
}
