import { expect, test } from 'vitest'
import { measure } from '../../src/diagnostics/likelihood.diagnostic.ts'
import { bitsPerDimension, normalLogDensity } from '../../src/flow/likelihood.ts'
import { makePath } from '../../src/flow/paths.ts'
import { placeOn } from '../../src/flow/place.ts'
import { withBench } from '../support/bench.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const d = 64

test('a net at its start stands still, so its density is the normal one; the data’s own is that of the Gaussian', async () => {
  const session = await create(tinyConfig({ data: { dataset: 'gaussian' }, objective: { tMin: 0.25 } }))
  const { panels: [density, images, divergence] } = await session.measure('likelihood', { images: 3, steps: 8 })
  const rates = (s: number) => Array.from({ length: 3 }, (_, i) => -normalLogDensity(session.data.heldOut.subarray(i * d, (i + 1) * d), s) / d).sort((a, b) => a - b)
  for (const replica of [0, 1]) {
    const curve = images.curves.find(one => one.replica === replica)!
    rates(1).forEach((rate, i) => expect(curve.y[i]).toBeCloseTo(rate, 6))
    expect(curve.spread!.every(value => value === 0)).toBe(true)
  }
  const own = images.curves.find(({ kind }) => kind === 'theory')!
  rates(0.4995).forEach((rate, i) => expect(own.y[i]).toBeCloseTo(rate, 3)) // (1 − .001) s
  expect(density.curves.find(({ kind }) => kind === 'theory')!.y[0]).toBeCloseTo(own.y.reduce<number>((sum, value) => sum + value! / 3, 0), 12)
  expect(density.notes.join()).toMatch(/continuous, so this is a density/)
  expect(density.notes.join()).toMatch(/below t = 0\.25/)
  for (const { y, kind } of divergence.curves) if (kind === 'measured') expect(y.every(value => value === 0)).toBe(true)
})

test.each(['cosine', 'vp'] as const)('along the %s path the data’s own density is that of the Gaussian still, with the noise that is there where the way begins', async path => {
  const session = await create(tinyConfig({ data: { dataset: 'gaussian' }, objective: { path }, replicas: [{ method: 'fm' }] }))
  const { panels: [, images] } = await session.measure('likelihood', { images: 3, steps: 48, tMin: 0.01 })
  const { alpha, beta } = placeOn(makePath(path), 0.01)
  const own = images.curves.find(({ kind }) => kind === 'theory')!
  const rates = Array.from({ length: 3 }, (_, i) => -normalLogDensity(session.data.heldOut.subarray(i * d, (i + 1) * d), Math.hypot(0.5 * alpha, beta)) / d).sort((a, b) => a - b)
  rates.forEach((rate, i) => expect(own.y[i]).toBeCloseTo(rate, 3))
})

test('along VE all starts from as much noise as the path has', async () => {
  const session = await create(tinyConfig({ objective: { path: 've', sigmaMax: 3 }, replicas: [{ method: 'fm' }] }))
  const { panels: [, images] } = await session.measure('likelihood', { images: 3, steps: 4 })
  const rates = Array.from({ length: 3 }, (_, i) => -normalLogDensity(session.data.heldOut.subarray(i * d, (i + 1) * d), 3) / d).sort((a, b) => a - b)
  rates.forEach((rate, i) => expect(images.curves[0].y[i]).toBeCloseTo(rate, 6)) // the net stands still
})

test('replicas on paths of their own: each starts from the noise of its path and is held against the best velocity along it', async () => {
  const session = await create(tinyConfig({ data: { dataset: 'gaussian' }, objective: { sigmaMax: 3 }, replicas: [{ method: 'fm' }, { method: 'fm', path: 've' }, { method: 'fm', seed: 1 }, { method: 'fm', path: 'vp' }] }))
  const { panels: [density, images, divergence] } = await session.measure('likelihood', { images: 3, steps: 24, tMin: 0.05 })
  const rates = (s: number) => Array.from({ length: 3 }, (_, i) => -normalLogDensity(session.data.heldOut.subarray(i * d, (i + 1) * d), s) / d).sort((a, b) => a - b)
  for (const [replica, s] of [1, 3, 1, placeOn(makePath('vp'), 1).beta].entries()) rates(s).forEach((rate, i) => expect(images.curves[replica].y[i]).toBeCloseTo(rate, 6)) // all nets stand still
  const names = ['linear', 'VE', 'VP']
  for (const [{ curves }, what] of [[density, 'the data’s own density'], [images, 'the data’s own density'], [divergence, 'best velocity']] as const) {
    expect(curves.filter(({ kind }) => kind === 'theory').map(({ label }) => label)).toEqual(names.map(name => `${what}, ${name}`))
  }
  for (const [i, path] of [makePath('linear'), makePath('ve', { sigmaMax: 3 }), makePath('vp')].entries()) {
    const { alpha, beta } = placeOn(path, 0.05)
    const own = images.curves.filter(({ kind }) => kind === 'theory')[i]
    if (path.id !== 've') rates(Math.hypot(0.5 * alpha, beta)).forEach((rate, k) => expect(own.y[k], path.id).toBeCloseTo(rate, 2)) // VE ends beside the image and not in its place
  }
  expect(density.notes.join()).toMatch(/how much noise there is at t = 0\.05: β = 0\.05 in /)
})

test('more images than go through the net at a time are all there', async () => {
  const session = await create(tinyConfig({ data: { heldOut: 128 }, replicas: [{ method: 'fm' }] }))
  const { panels: [, images] } = await session.measure('likelihood', { images: 70, steps: 4, solver: 'heun', probes: 1 })
  const rates = Array.from({ length: 70 }, (_, i) => -normalLogDensity(session.data.heldOut.subarray(i * d, (i + 1) * d)) / d).sort((a, b) => a - b)
  rates.forEach((rate, i) => expect(images.curves[0].y[i]).toBeCloseTo(rate, 6))
  expect(images.curves[0].spread).toBeUndefined()
})

test('bytes get noise over their width and are told in bits', async () => {
  await withBench(tinyConfig({ replicas: [{ method: 'fm' }] }), async bench => {
    const heldOut = bench.data.heldOut.map(value => Math.round(127.5 * (value + 1)) / 127.5 - 1)
    const settings = { images: 4, steps: 4, solver: 'heun', probes: 1, divergence: 'probes', tMin: 0.001 } as const
    const [density, images] = await measure({ ...bench, data: { ...bench.data, heldOut, dataset: { ...bench.data.dataset, id: 'own-mine-0', size: 8 } } }, settings)
    expect(density.y.label).toBe('bits per dimension')
    expect(density.notes[0]).toMatch(/^Pixels are bytes.*adds log₂ 127\.5 = 6\.994 bits where 2\/256, as others take it, adds 7/)
    const bits = Array.from({ length: 4 }, (_, i) => bitsPerDimension(normalLogDensity(heldOut.subarray(i * d, (i + 1) * d)), d)).sort((a, b) => a - b)
    bits.forEach((value, i) => {
      const off = Math.abs(images.curves[0].y[i]! - value)
      expect(off).toBeGreaterThan(0)
      expect(off).toBeLessThan(0.005)
    })
  })
})

test('an image keeps its signs all along its ways, the same in every replica, and another image has others', async () => {
  await withBench(tinyConfig(), async bench => {
    const seen: Float32Array[] = []
    const lay: typeof bench.lay = async (...recorders) => {
      const table = await bench.lay(...recorders)
      return { ...table, write: (tensor, values, offset) => {
        if (tensor.name === 'likelihood tangent image') seen.push(Float32Array.from(values))
        table.write(tensor, values, offset)
      } }
    }
    await measure({ ...bench, lay }, { images: 3, steps: 4, solver: 'heun', probes: 2, divergence: 'probes', tMin: 0.001 })
    const [first, second] = seen
    expect(seen.length).toBe(2 * 2 * (4 + 2 + 4)) // probes, looks a step, steps of the three ways
    seen.forEach((signs, i) => expect(signs).toEqual(i % 2 === 0 ? first : second))
    expect(second).not.toEqual(first)
    const images = Array.from({ length: 2 * 3 }, (_, i) => first.slice(i * d, (i + 1) * d))
    expect(images.slice(3)).toEqual(images.slice(0, 3))
    expect(new Set(images.map(String)).size).toBe(3)
    expect(first.every(sign => Math.abs(sign) === 1)).toBe(true)
  })
})

test('random signs agree with the exact divergence of a trained net within what they say of their doubt', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }], train: { learningRate: 0.01 } }))
  await session.advance(20)
  const common = { images: 2, steps: 4, solver: 'heun' } as const
  const exact = (await session.measure('likelihood', { ...common, divergence: 'exact' })).panels
  const probes = (await session.measure('likelihood', { ...common, probes: 64 })).panels
  const [rate, about] = [exact[1].curves[0], probes[1].curves[0]]
  rate.y.forEach((value, i) => {
    expect(about.spread![i]).toBeGreaterThan(0)
    expect(Math.abs(about.y[i]! - value!), `image ${i}`).toBeLessThan(4 * about.spread![i]!)
  })
  const trace = exact[2].curves[0].y[0]!
  expect(Math.abs(trace)).toBeGreaterThan(0.01)
  expect(Math.abs(probes[2].curves[0].y[0]! / trace - 1)).toBeLessThan(0.2)
})

test('too many dimensions for an exact divergence and too many images are refused in one sentence', async () => {
  const session = await create()
  expect(() => session.measure('likelihood', { images: 64 })).toThrow(/64 images are more than the 32 held-out ones/)
  const large = await create(tinyConfig({ net: { size: 12 } }))
  expect(() => large.measure('likelihood', { images: 2, divergence: 'exact' })).toThrow(/in 144 dimensions takes too long, 64 are the most; take probes/)
})
