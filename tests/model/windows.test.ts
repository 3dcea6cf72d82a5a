import { expect, test } from 'vitest'
import { mixed } from '../../src/diagnostics/best_field.ts'
import { amplitudeOf, perturbationOf, PERTURBATIONS } from '../../src/diagnostics/perturbation.ts'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { makePath } from '../../src/flow/paths.ts'
import { placeOn, toImage } from '../../src/flow/place.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { twinParameters } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const few = { images: 64, steps: 20, windows: 3, length: 0.4 }

test('a net that stands still is pushed as far as the window is long: the drift of each step is a (t − t′)/t, and a grows with t', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }] }))
  const { panels: [change, shift, phase, worse] } = await session.measure('windows', { ...few, drop: 3 })
  const drift = (panel: typeof change) => panel.curves.find(({ label }) => label === 'drift')!
  // x̂0 = x_t, off by t (ε − x0): a = t c, so that every step in the window adds c (t − t′). Seven or eight steps of .05 begin in it.
  const [low, middle, high] = drift(shift).y as number[]
  const c = Math.sqrt((10 ** 0.3 - 1) * (1 + session.data.heldOut.subarray(0, 32 * 64).reduce((sum, value) => sum + value * value, 0) / (32 * 64)))
  for (const value of [low, middle, high]) expect(Math.abs(value / (0.4 * c) - 1)).toBeLessThan(0.2)
  drift(change).y.forEach((value, i) => expect(value).toBeCloseTo(drift(shift).y[i]!, 5))
  // Towards the pattern, whose first cell is +1.
  const { pixels } = change.pictures!.find(({ label }) => label.endsWith('drift in'))!
  for (const at of [1, 2, 3]) expect(pixels[at * 64] - pixels[0]).toBeGreaterThan(0.3 * c)
  // Sideways goes on from where it has come, so nearly as far.
  change.curves.find(({ label }) => label === 'shift')!.y.forEach((value, i) => expect(Math.abs(value! / drift(change).y[i]! - 0.95)).toBeLessThan(0.05))
  const noise = change.curves.find(({ label }) => label === 'noise')!
  noise.y.forEach((value, i) => expect(value!).toBeLessThan(0.7 * drift(change).y[i]!)) // signs that differ cancel
  drift(phase).y.forEach((value, i) => expect(value).toBeCloseTo(Math.log2(drift(change).y[i]! / noise.y[i]!), 10))
  expect(phase.summary).toMatch(/by drift at t = .*2, .*5, .*8 in/)
  const [before, real] = worse.curves.slice(-2)
  expect([before.label, real.label]).toEqual(['no window', 'real against real'])
  expect(before.y[0]!, 'noise is farther from images than other images are').toBeGreaterThan(2 * real.y[0]!)
  for (const value of drift(worse).y) expect(value!, 'noise pushed aside is farther still').toBeGreaterThan(before.y[0]!)
})

test('samples of many nets are drawn in pieces, to the same end', async () => {
  const measured = async (replicas: number) => {
    const session = await create(tinyConfig({ data: { count: 128, heldOut: 64 }, replicas: Array.from({ length: replicas }, () => ({ method: 'fm' })) }))
    return (await session.measure('windows', { ...few, images: 65, steps: 8, windows: 2, length: 0.5 })).panels
  }
  const [alone, among] = [await measured(1), await measured(9)]
  alone.forEach(({ curves, id }, i) => {
    for (const label of id === 'phase' ? [] : ['drift', 'shift', 'no window']) {
      const of = (all: typeof curves, replica: number) => all.find(curve => curve.replica === replica && curve.label === label)?.y ?? []
      for (const replica of [0, 8]) of(curves, 0).forEach((value, k) => expect(of(among[i].curves, replica)[k]! / value!, `${id} ${label}`).toBeCloseTo(1, 4))
    }
  })
})

test('on another path it is the image that is pushed as well: each step adds its length times the size of the velocity that is asked for', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }], objective: { path: 'cosine' } }))
  const { panels: [, shift] } = await session.measure('windows', { ...few, drop: 3 })
  const path = makePath('cosine')
  const power = session.data.heldOut.subarray(0, 32 * 64).reduce((sum, value) => sum + value * value, 0) / (32 * 64)
  const times = Array.from({ length: 20 }, (_, i) => 1 - i / 20)
  shift.curves.find(({ label }) => label === 'drift')!.y.forEach((value, w) => {
    const within = times.filter(t => t >= 0.3 * w - 1e-6 && t <= 0.3 * w + 0.4 + 1e-6)
    const expected = Math.sqrt(10 ** 0.3 - 1) * within.reduce((sum, t) => sum + Math.hypot(path.dalpha(t) * Math.sqrt(power), path.dbeta(t)) / 20, 0)
    expect(Math.abs(value! / expected - 1)).toBeLessThan(0.15) // one step more or less begins in a window
  })
})

test.each(['linear', 'cosine'] as const)('a trained net’s PSNR on held-out images falls by as many decibels as asked, on the %s path', async family => {
  const [n, d] = [512, 64]
  const session = await create(tinyConfig({ data: { count: 512, heldOut: n }, train: { batch: 32, steps: 200 }, objective: { path: family }, replicas: [{ method: 'fm' }] }))
  await session.advance(200)
  const { net } = session.currentConfig
  const weights = twinParameters(net, (await session.snapshot()).replicas[0].ema)
  const { heldOut } = session.data
  const path = makePath(family)
  const noise = new Float32Array(n * d)
  new PhiloxStream(4, 94).fillNormal(noise)
  const power = heldOut.reduce((sum, value) => sum + value * value, 0) / (n * d)
  for (const t of [0.1, 0.3, 0.7]) {
    const x = Float64Array.from(mixed(heldOut, noise, path, t))
    const velocity = ditForward(net, weights, x, new Float64Array(n).fill(t), null).velocity!
    const { keep, along } = toImage(placeOn(path, t))
    const answers = velocity.map((v, k) => keep * x[k] + along * v)
    const errorOf = (values: Float64Array) => values.reduce((sum, value, k) => sum + (value - heldOut[k]) ** 2, 0) / (n * d)
    const error = errorOf(answers)
    if (t <= 0.3) expect(error, 'it has learned something').toBeLessThan(0.6 * power)
    for (const kind of PERTURBATIONS) {
      const delta = perturbationOf(kind, answers, net, new PhiloxStream(2, 94))
      for (const drop of [1, 3]) {
        const worse = errorOf(answers.map((value, k) => value + amplitudeOf(error, drop) * delta[k]))
        expect(Math.abs(10 * Math.log10(worse / error) - drop), `${kind}, t = ${t}`).toBeLessThan(0.1) // .03 seen
      }
    }
  }
})

test('no drop, no change at all; what cannot be asked is refused in one sentence', async () => {
  const session = await create()
  await session.advance(10)
  const { panels } = await session.measure('windows', { ...few, drop: 0 })
  const before = (replica: number) => panels.find(({ id }) => id === 'worse')!.curves.find(curve => curve.replica === replica && curve.label === 'no window')!.y[0]
  for (const { id, curves } of panels) {
    for (const { y, replica, label } of curves) {
      if (!PERTURBATIONS.some(kind => kind === label)) continue
      const still = id === 'phase' ? null : id === 'worse' ? before(replica!) : 0 // of no change there is no ratio
      expect(y, id).toEqual([still, still, still])
    }
  }
  expect(() => session.measure('windows', { ...few, images: 65 })).toThrow(/65 samples ask for as many training images/)
  expect(() => session.measure('windows', { ...few, steps: 8, length: 0.1 })).toThrow(/holds fewer than 2 of 8 steps/)
})
