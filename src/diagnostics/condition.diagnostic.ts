/**
 * How far the answer must move when the input moves a little (LCF Prop. 1), and how far the net's answer does move: pairs of inputs made of one
 * image and two noises at the same level.
 */
import { z } from 'zod'
import { STREAM_EVALUATION } from '../engine/philox.ts'
import type { Curve } from '../protocol.ts'
import { defineDiagnostic } from './diagnostic.ts'
import { logLevels, normalNoise, recordLook, writeAll } from './look.ts'

export default defineDiagnostic({
  id: 'condition',
  title: 'Condition number of the problem',
  order: 10,
  summary: 'By how much the target, and the net’s answer, change for a small change of the input, by noise level.',
  paper: 'LCF Prop. 1, eq. 6–8 and 24 (arXiv 2509.20952)',
  settings: z.strictObject({
    levels: z.number().int().min(4).max(64).default(16).meta({ title: 'Noise levels', help: 'Points from t = .001 on, evenly spaced in log t.' }),
    pairs: z.number().int().min(8).max(1024).default(64).meta({ title: 'Pairs', help: 'Images behind each point; each is seen with two noises.' }),
  }),
  every: 100,
  work: (_, { levels, pairs }) => ({ forwards: 2 * levels * pairs }),
  refuse: ({ data }, _, { pairs }) => (pairs > data.heldOut ? `${pairs} pairs are more than the ${data.heldOut} held-out images; take at most as many` : undefined),

  async measure(bench, { levels, pairs }) {
    const { training: { replicas: R, batch: { dimensions: d } }, config, data } = bench
    const look = recordLook(bench, { samples: 2 * pairs, images: pairs })
    const table = await bench.lay(look.recorder)
    table.write(look.images, data.heldOut.subarray(0, pairs * d))
    writeAll(table, R, look.batch.row, Uint32Array.from({ length: 2 * pairs }, (_, i) => i % pairs))
    const noise = normalNoise(2 * pairs * d, config.data.seed, STREAM_EVALUATION, 1)
    writeAll(table, R, look.batch.eps, noise)

    const t = logLevels(levels)
    const gains = Array.from({ length: R }, () => ({ y: [] as (number | null)[], spread: [] as (number | null)[] }))
    for (const [i, level] of t.entries()) {
      table.write(look.batch.t, new Float32Array(R * 2 * pairs).fill(level))
      table.submit(look.recorder)
      const velocity = await table.read(look.frozen.velocity!)
      for (let r = 0; r < R; r++) {
        const { gain, error } = gainOf(velocity.subarray(r * 2 * pairs * d, (r + 1) * 2 * pairs * d), noise, level, pairs, d)
        gains[r].y.push(Number.isFinite(gain) ? gain : null)
        gains[r].spread.push(Number.isFinite(error) ? error : null)
      }
      await bench.progress(i + 1, t.length)
    }
    const measured = gains.map(({ y, spread }, replica): Curve => ({ replica, kind: 'measured', label: '', x: t, y, spread }))
    const low = bench.labels.map((label, r) => `${label} by ${format(gains[r].y[0])}`)
    return [{
      id: 'gain', title: 'How much the answer moves when the input does',
      x: { label: 't', scale: 'log' }, y: { label: 'change of output / change of input', scale: 'log' },
      curves: [{ replica: null, kind: 'theory', label: 'demanded: 1/t', x: t, y: t.map(level => 1 / level) }, ...measured],
      spread: `± standard error over ${pairs} pairs`,
      summary: `At t = ${t[0]} the target moves by ${format(1 / t[0])} for each unit of the input; ${low.join(', ')}.`,
      notes: ['1/t is a property of the objective on the linear path, by construction: what a net does about it is the solid line.'],
    }]
  },
})

/** √Σ‖Δv‖² / √Σ‖Δx‖² over pairs, and its standard error by the delta method. velocity, noise (2·pairs, d): a pair is (i, pairs + i). */
export function gainOf(velocity: Float32Array, noise: Float32Array, t: number, pairs: number, d: number): { gain: number; error: number } {
  const output = new Float64Array(pairs)
  const input = new Float64Array(pairs)
  for (let i = 0; i < pairs; i++) {
    for (let k = 0; k < d; k++) {
      output[i] += (velocity[i * d + k] - velocity[(pairs + i) * d + k]) ** 2
      input[i] += (t * (noise[i * d + k] - noise[(pairs + i) * d + k])) ** 2
    }
  }
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / pairs
  const [a, b] = [mean(output), mean(input)]
  const gain = Math.sqrt(a / b)
  const variance = output.reduce((sum, o, i) => sum + (a > 0 ? o / a - input[i] / b : 0) ** 2, 0) / (pairs - 1)
  return { gain, error: 0.5 * gain * Math.sqrt(variance / pairs) }
}

const format = (value: number | null) => (value === null ? 'nothing finite' : value.toPrecision(3).replace(/\.?0+$/, ''))
