/**
 * The noise level as 256 numbers: cosines, then sines, of 1000 t · 10000^(−k/128), k < 128, in operators that every runtime computes alike.
 *
 * In float32 the angle itself would lose the digits that matter near t = 0, so whole turns are taken off while products are still exact: t and frequency are each
 * split into 12 leading bits and the rest. GPUs bound their own Cos and Sin by 2^−11 only, which costs 2e-4 in the velocity; so cos 2πu = sin 2π(¼ − |u|) for |u| ≤ ½
 * and the sine is its series up to y^11, to within 6e-8 for |y| ≤ π/2.
 */
import { timeFrequencies } from '../ops/condition.ts'
import type { GraphBuilder } from './build.ts'

/** The series of sin(y)/y in y², last term first. */
const SINE = [-1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1]

/** `t` (B) → the name of the features (B,256) */
export function timeFeatures(graph: GraphBuilder): string {
  const at = (name: string) => `t_embedder.${name}`
  const op = (opType: string, inputs: string[], name: string) => graph.node(opType, inputs, at(name))
  const [quarter, half] = [graph.number(at('quarter'), 0.25), graph.number(at('half'), 0.5)]
  const turns = turnsOf(graph)
  const both = graph.node('Concat', [turns, op('Sub', [turns, quarter], 'turns.sine')], at('turns.both'), { attributes: { axis: -1n }, doc: 'sin 2πu = cos 2π(u − ¼), so one cosine does for both.' })
  const centred = op('Sub', [both, op('Floor', [op('Add', [both, half], 'turns.shifted')], 'turns.nearest')], 'turns.centred')
  const folded = op('Sub', [quarter, op('Abs', [centred], 'turns.distance')], 'turns.folded')
  const y = op('Mul', [folded, graph.number(at('turn'), 2 * Math.PI)], 'angle')
  const square = op('Mul', [y, y], 'angle.square')
  const [last, ...rest] = SINE.map((term, i) => graph.number(at(`sine.${SINE.length - 1 - i}`), term))
  const series = rest.reduce((sum, term, i) => op('Add', [op('Mul', [sum, square], `series.${i}.product`), term], `series.${i}`), last)
  return op('Mul', [y, series], 'features')
}

/** `t` (B) → 1000 t · 10000^(−k/128) / 2π (B,128), less whole turns */
function turnsOf(graph: GraphBuilder): string {
  const pairs = timeFrequencies()
  const part = (offset: number) => Float32Array.from({ length: 128 }, (_, k) => pairs[2 * k + offset])
  const at = (name: string) => `t_embedder.${name}`
  const op = (opType: string, inputs: string[], name: string) => graph.node(opType, inputs, at(name))
  const high = graph.tensor(at('frequency.high'), [128], part(0))
  const low = graph.tensor(at('frequency.low'), [128], part(1))
  const steps = graph.number(at('steps'), 4096)
  const t = graph.node('Unsqueeze', ['t', graph.whole(at('axis'), [1])], at('t'), { doc: 'The angle 1000 t · 10000^(−k/128) in turns, from products that are exact in float32.' })
  const tHigh = op('Div', [op('Floor', [op('Mul', [t, steps], 't.scaled')], 't.whole'), steps], 't.high')
  const tLow = op('Sub', [t, tHigh], 't.low')
  const most = op('Mul', [tHigh, high], 'turns.high')
  const fraction = op('Sub', [most, op('Floor', [most], 'turns.high.whole')], 'turns.high.fraction')
  const rest = op('Add', [op('Mul', [tLow, high], 'turns.middle'), op('Mul', [t, low], 'turns.low')], 'turns.rest')
  return op('Add', [fraction, rest], 'turns')
}
