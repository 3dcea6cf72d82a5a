import { Command } from 'commander'
import { conditionNumber, lowerBoundEq19, lowerBoundEq25, sampleConditionNumber } from '../../flow/condition.ts'
import { makePath, pathFamilies } from '../../flow/paths.ts'
import { CommandError } from '../failure.ts'
import { figure, type OutputOptions, print, spreadFigure, table } from '../output.ts'
import { parseCount } from '../settings.ts'
import { collect, type MakeCommand } from './command.ts'

interface KappaOptions extends OutputOptions {
  path: string
  t: string
  t2?: string
  norm: string
  dimensions: string
  pairs: string
  seed: string
  set: string[]
}

export const kappa: MakeCommand = done => new Command('kappa')
  .description('condition number of the problem at a noise level: exact, its lower bounds, and sampled (LCF Prop. 1)')
  .option('--path <name>', Object.keys(pathFamilies).join(', '), 'linear')
  .requiredOption('--t <level>', 'noise level in [0,1], 0 is clean')
  .option('--t2 <level>', 'level of the second version of the image; the same when left out')
  .option('--norm <number>', '‖x0‖² per dimension; counts only when the levels differ', '1')
  .option('--dimensions <number>', 'd', '64')
  .option('--pairs <number>', 'pairs of noises that are drawn', '20000')
  .option('--seed <number>', 'of the drawn noises', '0')
  .option('--set <parameter=value>', 'a parameter of the path, such as p=.5 or sigmaMin=.01; may be given several times', collect, [])
  .option('--json', 'as JSON')
  .action(async (options: KappaOptions) => {
    const path = makePath(options.path, Object.fromEntries(options.set.map(parameter)))
    const dimensions = parseCount('--dimensions', options.dimensions)
    const t1 = number('--t', options.t)
    const pair = { t1, t2: options.t2 === undefined ? t1 : number('--t2', options.t2), squaredNorm: number('--norm', options.norm) * dimensions, dimensions }
    const exact = conditionNumber(path, pair)
    const sampled = Number.isFinite(exact) ? sampleConditionNumber(path, { ...pair, count: parseCount('--pairs', options.pairs, 2), seed: parseCount('--seed', options.seed, 0) }) : null
    const result = { path: path.id, parameters: path.parameters, ...pair, exact: Number.isFinite(exact) ? exact : 'infinite', boundEq19: lowerBoundEq19(path, pair), boundEq25: lowerBoundEq25(path, pair), sampled }
    await print(options, result, () => table([
      ['path', 't1', 't2', 'exact', 'eq. 19', 'eq. 25', 'sampled'],
      [path.label, figure(pair.t1), figure(pair.t2), Number.isFinite(exact) ? figure(exact) : 'infinite', figure(result.boundEq19), figure(result.boundEq25), sampled ? `${spreadFigure(sampled.value, sampled.standardError)} (${sampled.count} pairs)` : '–'],
    ]))
    done(0)
  })

function number(option: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new CommandError(`${option} ${text}: a number is expected`)
  return value
}

function parameter(text: string): [string, number] {
  const at = text.indexOf('=')
  if (at < 1) throw new CommandError(`--set ${text}: parameter=value is expected, for example sigmaMin=.01`)
  return [text.slice(0, at), number(`--set ${text.slice(0, at)}`, text.slice(at + 1))]
}
