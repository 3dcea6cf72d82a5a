/** Networks on other schedules in the lab's terms. For images ~ N(0, s²) everything is linear in x, so the answer of a perfect net is known on every path. */
import { describe, expect, test } from 'vitest'
import type { ModelReading } from '../../src/file_protocol.ts'
import { LEAST_LEVEL } from '../../src/flow/place.ts'
import { inLabTerms, type Network } from '../../src/onnx/ask.ts'
import { scheduleOf } from '../../src/onnx/schedule.ts'
import { farthest } from '../support/compare.ts'

const SPREAD = 0.6
const x = Float32Array.from({ length: 6 }, (_, i) => i / 3 - 0.8)
const base: ModelReading = { image: 'x', time: 't', labels: null, output: 'y', features: null, scale: 1, zero: 'clean', predicts: 'velocity', path: 'linear', range: 'signed' }
/** E[ε − x0 | x_t] on the lab's line. */
const truth = (t: number) => x.map(value => ((t - (1 - t) * SPREAD ** 2) * value) / ((1 - t) ** 2 * SPREAD ** 2 + t ** 2))

/** ᾱ of a whole step, by the product itself. */
function kept(step: number): number {
  let product = 1
  for (let s = 0; s <= step; s++) product *= 1 - (1e-4 + ((0.02 - 1e-4) * s) / 999)
  return product
}

interface Slopes { alpha: number; beta: number; dalpha: number; dbeta: number }
/** What each path is, written anew. */
const paths: Record<Exclude<ModelReading['path'], 'ddpm'>, (t: number) => Slopes> = {
  linear: t => ({ alpha: 1 - t, beta: t, dalpha: -1, dbeta: 1 }),
  cosine: t => ({ alpha: Math.cos((Math.PI * t) / 2), beta: Math.sin((Math.PI * t) / 2), dalpha: (-Math.PI / 2) * Math.sin((Math.PI * t) / 2), dbeta: (Math.PI / 2) * Math.cos((Math.PI * t) / 2) }),
  vp: t => {
    const [T, rate] = [9.95 * t * t + 0.1 * t, 0.1 + 19.9 * t]
    const [alpha, beta] = [Math.exp(-T / 2), Math.sqrt(1 - Math.exp(-T))]
    return { alpha, beta, dalpha: (-rate / 2) * alpha, dbeta: ((rate / 2) * alpha ** 2) / beta }
  },
  power: t => ({ alpha: 1 - t * t, beta: t * t, dalpha: -2 * t, dbeta: 2 * t }),
  'power-noise': t => ({ alpha: 1 - t, beta: t * t, dalpha: -1, dbeta: 2 * t }),
  lipman: t => ({ alpha: 1 - t, beta: 0.01 + 0.99 * t, dalpha: -1, dbeta: 0.99 }),
  scaled: t => ({ alpha: 1 - t, beta: t, dalpha: -1, dbeta: 1 }),
  'linear-vp': t => ({ alpha: 1 - t, beta: Math.sqrt(1 - (1 - t) ** 2), dalpha: -1, dbeta: (1 - t) / Math.sqrt(1 - (1 - t) ** 2) }),
  ve: t => ({ alpha: 1, beta: 0.01 * 5000 ** t, dalpha: 0, dbeta: 0.01 * Math.log(5000) * 5000 ** t }),
}

/** The perfect answer to x = α x0 + β ε. */
function perfect(predicts: ModelReading['predicts'], { alpha, beta, dalpha, dbeta }: Slopes, value: number): number {
  const whole = alpha ** 2 * SPREAD ** 2 + beta ** 2
  const [image, noise] = [(alpha * SPREAD ** 2 * value) / whole, (beta * value) / whole]
  return { image, noise, v: alpha * noise - beta * image, velocity: dalpha * image + dbeta * noise }[predicts]
}

const netOf = (answer: (time: number, value: number) => number): Network => async (images, time) => ({ output: { shape: [1, 1, 2, 3], data: images.map((value, i) => answer(time[i % time.length], value)) }, features: null })
const farOff = async (network: Network, reading: Partial<ModelReading>, t: number) => farthest((await inLabTerms(network, { ...base, ...reading })(x, t, [0])).velocity, truth(t))

describe('a perfect net is perfect in the lab’s terms', () => {
  const cases = (Object.keys(paths) as (keyof typeof paths)[]).flatMap(path => (['velocity', 'v', 'image', 'noise'] as const).flatMap(predicts => ([['clean', 1], ['noise', 999]] as const).map(([zero, scale]) => ({ path, predicts, zero, scale }))))
  test.each(cases)('$path, $predicts, time from the $zero end to $scale', async ({ path, predicts, zero, scale }) => {
    const clean = (time: number) => (zero === 'clean' ? time : scale - time) / scale
    const turned = predicts === 'velocity' && zero === 'noise' ? -1 : 1
    const network = netOf((time, value) => turned * perfect(predicts, paths[path](clean(time)), value))
    for (const t of [0.02, 0.3, 0.7, 0.97]) expect(await farOff(network, { path, predicts, zero, scale }, t)).toBeLessThan(2e-4)
  })

  test.each(['noise', 'v', 'image'] as const)('DDPM’s steps, %s, with a variance behind it as DiT answers', async predicts => {
    const network: Network = async (images, time) => {
      const step = time[0]
      const low = Math.floor(step)
      // Between steps as the schedule says: log (1 − ᾱ)/ᾱ in a straight line.
      const noise = (s: number) => Math.log((1 - kept(s)) / kept(s))
      const ratio = Math.exp(noise(low) + (step - low) * (low < 999 ? noise(low + 1) - noise(low) : 0))
      const [alpha, beta] = [Math.sqrt(1 / (1 + ratio)), Math.sqrt(ratio / (1 + ratio))]
      return { output: { shape: [1, 2, 2, 3], data: Float32Array.from({ length: 12 }, (_, i) => (i < 6 ? perfect(predicts, { alpha, beta, dalpha: 0, dbeta: 0 }, images[i]) : 77)) }, features: null }
    }
    for (const t of [0.02, 0.3, 0.7, 0.97]) expect(await farOff(network, { path: 'ddpm', predicts, scale: 999 }, t)).toBeLessThan(2e-4)
  })
})

test('DDPM’s table: whole steps have its ᾱ, and beyond its ends it stays there', () => {
  const at = scheduleOf('ddpm')
  for (const step of [0, 1, 250, 999]) {
    const ratio = Math.sqrt((1 - kept(step)) / kept(step))
    const place = at(ratio / (1 + ratio))
    expect(999 * place.time).toBeCloseTo(step, 6)
    expect(place.alpha ** 2).toBeCloseTo(kept(step), 9)
  }
  expect(at(0.0001)).toEqual(at(0))
  expect(at(1)).toEqual(at(0.999))
  expect(at(1).time).toBe(1)
})

test('below the least level of training every path stays there', () => {
  expect(scheduleOf('linear-vp')(1e-4).time).toBe(LEAST_LEVEL)
  expect(scheduleOf('cosine')(0)).toMatchObject({ time: LEAST_LEVEL, alpha: Math.cos((Math.PI / 2) * LEAST_LEVEL), slope: { beta: (Math.PI / 2) * Math.cos((Math.PI / 2) * LEAST_LEVEL) } })
})

test('a table of steps has no velocity', async () => {
  await expect(inLabTerms(netOf(() => 0), { ...base, path: 'ddpm' })(x, 0.5, [0])).rejects.toThrow('a schedule of steps has no velocity; the answer is the noise, v or the image')
})
