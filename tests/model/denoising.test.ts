import { Matrix, SVD } from 'ml-matrix'
import { expect, test } from 'vitest'
import { STREAM_EVALUATION } from '../../src/engine/philox.ts'
import { normalNoise, recordLook, writeAll } from '../../src/diagnostics/look.ts'
import { netSlopes } from '../../src/diagnostics/slopes.ts'
import { recordInputTangent } from '../../src/model/jacobian.ts'
import { withBench } from '../support/bench.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const few = { t: '0.02 0.3 0.9', images: 32, draws: 4, slopes: 2, turns: 4 }

test('a net at its start leaves x_t as it is; the best denoiser of the Gaussian has its known error and slope', async () => {
  const session = await create(tinyConfig({ data: { dataset: 'gaussian' } }))
  const { panels: [error, gain, answers, velocities, slope, ofDenoiser] } = await session.measure('denoising', few)
  const of = (panel: typeof error, label: string) => panel.curves.find(curve => curve.label.startsWith(label))!
  for (const replica of [0, 1]) {
    error.curves.find(curve => curve.replica === replica)!.y.forEach((y, i) => expect(y).toBeCloseTo(of(error, 'x_t').y[i]!, 4))
    gain.curves.find(curve => curve.replica === replica)!.y.forEach(y => expect(y).toBeCloseTo(0, 4))
    expect(slope.curves.find(curve => curve.replica === replica)!.y).toEqual([null, null, null])
    ofDenoiser.curves.find(curve => curve.replica === replica)!.y.forEach(y => expect(y).toBeCloseTo(1, 6))
  }
  error.curves[0].x.forEach((t, i) => {
    const variance = (1 - t) ** 2 * 0.25 + t ** 2
    expect(of(error, 'least').y[i]).toBeCloseTo(10 * Math.log10((4 * variance) / (t ** 2 * 0.25)), 6)
    expect(of(slope, 'best').y[i]).toBeCloseTo(Math.abs((t - (1 - t) * 0.25) / variance), 6)
    expect(of(ofDenoiser, 'best').y[i]).toBeCloseTo(((1 - t) * 0.25) / variance, 6)
  })
  error.curves[0].x.forEach((_, i) => expect(of(gain, 'least').y[i]).toBeCloseTo(of(error, 'least').y[i]! - of(error, 'x_t').y[i]!, 6))
  expect(of(slope, 'by heart').y[0]).toBeCloseTo(50, 6)
  const seen = answers.pictures!.find(({ label }) => label.startsWith('x_t'))!
  const answered = answers.pictures!.find(({ label }) => label.startsWith('x̂₀ of'))!
  expect(seen.captions).toEqual(answered.captions)
  answered.pixels.forEach((value, i) => expect(value).toBeCloseTo(seen.pixels[i], 5))
  // Read as velocities: asked for is noise less image at every level, and such a net answers 0.
  const [asked, given] = ['v, what', 'v of'].map(start => velocities.pictures!.find(({ label }) => label.startsWith(start))!)
  for (let i = 64; i < asked.pixels.length; i++) {
    expect(asked.pixels[i]).toBeCloseTo(asked.pixels[i % 64] - seen.pixels[i % 64], 4)
    expect(given.pixels[i]).toBeCloseTo(0, 4)
  }
  expect([answers, velocities, slope, ofDenoiser].map(({ reading }) => reading)).toEqual([
    { of: 'answers', as: 'denoiser' }, { of: 'answers', as: 'velocity' }, { of: 'slope', as: 'velocity' }, { of: 'slope', as: 'denoiser' },
  ])
})

test('training brings a net nearer to the image, and it is no better than the best', async () => {
  const session = await create(tinyConfig({ data: { dataset: 'gaussian' }, replicas: [{ method: 'fm' }], train: { learningRate: 0.01, emaDecay: 0.5 } }))
  const psnr = async () => (await session.measure('denoising', few)).panels[0].curves
  const before = await psnr()
  await session.advance(30)
  const [net, least] = await psnr()
  expect(net.y[2]! - before[0].y[2]!).toBeGreaterThan(1)
  net.y.forEach((y, i) => expect(y!).toBeLessThan(least.y[i]! + 3 * net.spread![i]!))
})

test('the greatest slope of a trained net is that of its whole Jacobian', async () => {
  await withBench(tinyConfig({ replicas: [{ method: 'fm' }], train: { learningRate: 0.01 } }), async bench => {
    const [d, n, t] = [64, 2, 0.3]
    const noise = normalNoise(n * d, 1, STREAM_EVALUATION)
    const look = recordLook(bench, { samples: n, images: n, keep: true })
    const on = bench.recorder()
    const push = recordInputTangent(on, bench.training, look.frozen)
    const table = await bench.lay(look.recorder, on)
    table.write(look.images, bench.data.heldOut.subarray(0, n * d))
    writeAll(table, 1, look.batch.row, Uint32Array.of(0, 1))
    table.write(look.batch.eps, noise)
    table.write(look.batch.t, new Float32Array(n).fill(t))
    table.submit(look.recorder)
    const columns: Float32Array[] = []
    for (let k = 0; k < d; k++) {
      table.write(push.direction, Float32Array.from({ length: n * d }, (_, i) => (i % d === k ? 1 : 0)))
      table.submit(on)
      columns.push(await table.read(push.velocity!, 0, n * d))
    }
    const slopes = await netSlopes(bench, { count: n, noise, t: [t], turns: 400, between: async () => {} })
    for (const reading of ['velocity', 'denoiser'] as const) {
      slopes[reading][0][0].forEach(({ value, change }, i) => {
        // Rows are columns of the Jacobian, which changes no singular value; x̂₀ = x − t v.
        const jacobian = columns.map((column, k) => Array.from(column.subarray(i * d, (i + 1) * d), (slope, o) => (reading === 'velocity' ? slope : (k === o ? 1 : 0) - t * slope)))
        expect(value / new SVD(new Matrix(jacobian)).norm2, reading).toBeCloseTo(1, 3)
        expect(Math.abs(change), reading).toBeLessThan(1e-3)
      })
    }
  }, { steps: 20 })
})

test('t = 0 and more images than there are, are refused in one sentence', async () => {
  const session = await create()
  expect(() => session.measure('denoising', { t: '0 0.1' })).toThrow(/at t = 0 the image is there already.*above 0/)
  expect(() => session.measure('denoising', { images: 64 })).toThrow(/64 images are more than the 32 held-out ones/)
  expect(() => session.measure('denoising', { images: 16, draws: 4, slopes: 8 })).toThrow(/8 images for slopes are more than the 4 by heart/)
})
