/** Gains and Jacobians of networks that only answer forward, on answers whose derivatives are known. */
import { describe, expect, test } from 'vitest'
import { datasets } from '../../src/datasets/index.ts'
import { logLevels, normalNoise } from '../../src/diagnostics/look.ts'
import { fromClassSwap, massIn } from '../../src/diagnostics/semantic.ts'
import { STREAM_EVALUATION } from '../../src/engine/philox.ts'
import { gainPanel, jacobianPanels, type Reacting } from '../../src/lab/file_reactions.ts'
import type { Ask } from '../../src/onnx/ask.ts'
import type { Curve } from '../../src/panel.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const config = tinyConfig()
const d = 64
const dataset = datasets.gratings
const images: Reacting['images'] = async (count, split) => dataset.generate(count, { seed: config.data.seed, split, size: 8 })
const base = { name: 'net', config, dataset, images, toRange: (values: Float32Array) => values, scale: 1, features: 'f', batch: 7, tell: async () => {} }
const curveOf = (curves: Curve[], label: string) => curves.find(one => one.label === label)!

test('the gain of an answer c(t) x is c(t); theory beside it is 1/t', async () => {
  const ask: Ask = async (x, t) => ({ velocity: x.map(value => (2 + 1 / t) * value), features: null })
  const { curves, diagnostic, id } = await gainPanel({ ...base, ask })
  expect([diagnostic, id]).toEqual(['condition', 'condition'])
  const [own, demanded] = curves
  own.x.forEach((t, i) => {
    expect(own.y[i]! / (2 + 1 / t)).toBeCloseTo(1, 5)
    expect(demanded.y[i]! * t).toBeCloseTo(1, 9)
  })
})

describe('the Jacobian by differences', () => {
  /** Three features: two linear ones and the square of the image's length, whose central difference is exact too. */
  const a = Float64Array.from({ length: d }, (_, k) => Math.sin(k))
  const b = Float64Array.from({ length: d }, (_, k) => Math.cos(0.3 * k * k))
  const dot = (u: ArrayLike<number>, v: ArrayLike<number>) => Array.from(u).reduce((sum, value, k) => sum + value * v[k], 0)
  const features = (row: ArrayLike<number>, t: number) => [dot(row, a), t * dot(row, b), 0.2 * dot(row, row)]
  const ask: Ask = async (x, t, labels) => ({ velocity: x, features: Float32Array.from(Array.from({ length: labels.length }, (_, i) => features(x.subarray(i * d, (i + 1) * d), t)).flat()) })

  test('gains along the class and beside it, their sum and share, are those of the whole Jacobian', async () => {
    const panels = await jacobianPanels({ ...base, ask })
    expect(panels.map(({ id }) => id)).toEqual(['gains', 'ratio', 'norm', 'share'])
    const n = 32
    const batch = await images(n, 'test')
    const semantic = fromClassSwap(dataset, batch, 8, d)
    const noise = normalNoise(n * d, config.data.seed, STREAM_EVALUATION, 2)
    for (const [at, t] of logLevels(8).entries()) {
      let [inside, total] = [0, 0]
      for (let i = 0; i < n; i++) {
        const row = Float64Array.from({ length: d }, (_, k) => (1 - t) * batch.images[i * d + k] + t * noise[i * d + k])
        for (const gradient of [a, b.map(value => t * value), row.map(value => 0.4 * value)]) {
          inside += massIn(semantic.basis(i), gradient, d) / n
          total += dot(gradient, gradient) / n
        }
      }
      const [gains, ratio, norm, share] = panels.map(({ curves }) => curves)
      expect(curveOf(gains, 'class, net').y[at]! / inside).toBeCloseTo(1, 3)
      const near = ({ y, spread }: Curve, exact: number) => expect(Math.abs(y[at]! - exact), `t ${t}: ${y[at]} ± ${spread![at]}, exact ${exact}`).toBeLessThan(4 * spread![at]!)
      near(curveOf(gains, 'other, net'), (total - inside) / (d - 1))
      near(ratio[0], (total - inside) / (d - 1) / inside)
      near(norm[0], Math.sqrt(total))
      near(share[0], inside / total)
    }
    expect(panels[0].notes.at(-1)).toMatch(/^Forward-only: central differences over ±0\.02 along unit directions, not the exact Jacobian; half that step changes the class gain at t = 0\.001 by .* %\. Features: f\.$/)
  })

  test('nothing is said of images without classes', async () => {
    expect(await jacobianPanels({ ...base, ask, dataset: { ...dataset, classes: ['one'] } })).toEqual([])
  })

  test('images from a file have no class swap: class means instead, and pixels from 0 to 1 take half the step', async () => {
    const panels = await jacobianPanels({ ...base, ask, dataset: { ...dataset, swapClass: undefined }, toRange: values => values.map(value => (value + 1) / 2), scale: 0.5 })
    expect(panels[0].notes[0]).toMatch(/^Class means lie/)
    expect(panels[0].notes.at(-1)).toContain('±0.01')
  })
})
