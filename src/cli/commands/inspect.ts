import { Command } from 'commander'
import { describeOnnx, type ValueDescription } from '../../onnx/describe.ts'
import { readWith } from '../files.ts'
import { type OutputOptions, print, table } from '../output.ts'
import type { MakeCommand } from './command.ts'

export const inspect: MakeCommand = done => new Command('inspect')
  .description('what an ONNX file holds: inputs, outputs, operators, parameters')
  .argument('<file>', 'an .onnx file')
  .option('--json', 'everything as JSON, with the values on the way')
  .action(async (file: string, options: OutputOptions) => {
    const about = readWith(file, describeOnnx)
    const row = (kind: string) => ({ name, type, shape }: ValueDescription) => [kind, name, type, shape ? `(${shape.map(size => size ?? '?').join(', ')})` : '']
    await print(options, about, () => [
      table([...about.inputs.map(row('input')), ...about.outputs.map(row('output'))]),
      `${about.parameters.toLocaleString('en')} parameters, ${about.nodes} nodes, opset ${Object.entries(about.opsets).map(([domain, version]) => `${domain && `${domain} `}${version}`).join(', ')}${about.producer && `, by ${about.producer}`}`,
      about.operators.map(({ name, count }) => `${count} ${name}`).join(', '),
      ...Object.entries(about.metadata).map(([key, value]) => `${key}: ${value}`),
      ...about.files.map(name => `its weights are in a second file: ${name}`),
    ].join('\n'))
    done(0)
  })
