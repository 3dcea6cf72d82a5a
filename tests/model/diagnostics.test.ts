import { describe, expect, type MockInstance, test, vi } from 'vitest'
import { ConfigError } from '../../src/config.ts'
import { diagnostics } from '../../src/diagnostics/index.ts'
import { mostSamples } from '../../src/diagnostics/look.ts'
import { works } from '../../src/diagnostics/work.ts'
import { Cancelled } from '../../src/lab/bench.ts'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import type { Measurement } from '../../src/panel.ts'
import { withBench } from '../support/bench.ts'
import { expectSameBits, sessions } from '../support/sessions.ts'
import { requestTestDevice } from '../support/gpu.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const measured = Object.values(diagnostics).filter(({ id }) => id !== 'plane' && id !== 'guided') // which are not for images, or not for nets that are told no class: plane.test.ts, classes.test.ts

test('every diagnostic measures a tiny run, and says with how many numbers', async () => {
  const session = await create()
  await session.advance(4)
  for (const { id, settings } of measured) {
    const { panels, step } = await session.measure(id, settings.parse(tiny[id] ?? {}) as never)
    expect(step, id).toBe(4)
    expect(panels.length, id).toBeGreaterThan(0)
    for (const panel of panels) {
      expect(panel.summary, `${id} ${panel.id}`).toMatch(/\.$/)
      for (const { x, y, spread, label } of panel.curves) {
        expect(y.length, `${id} ${panel.id} ${label}`).toBe(x.length)
        if (spread) expect(spread.length).toBe(x.length)
        for (const value of y) expect(value === null || Number.isFinite(value), `${id} ${panel.id} ${label}`).toBe(true)
      }
      if (panel.curves.some(({ spread }) => spread)) expect(panel.spread, `${id} ${panel.id}`).toMatch(/\d/)
    }
  }
  expect(decodeCheckpoint(encodeCheckpoint(await session.snapshot())).history!.measurements, 'as a saved run has them').toEqual(session.measurements)
}, 120_000)

test.each([
  ['condition', { levels: 4, pairs: 8, t2: 0.5 }], ['memory', { levels: 4, images: 8, draws: 4 }],
  ['denoising', { t: '0.01 0.5', images: 8, draws: 8, slopes: 8, turns: 2 }], ['classes', { t: '0.1 0.5', images: 32 }],
])('images that pass a few at a time, as those of a large net must, say what they say together: %s', (id, asked) =>
  withBench(tinyConfig(), async bench => {
    const [whole, cramped] = [bench, { ...bench, config: { ...bench.config, net: { ...bench.config.net, width: 10_922 } } }]
    expect([mostSamples(whole), mostSamples(cramped)]).toEqual([4096, 6]) // the last two lots overlap, also those of three of eight pairs
    const settings = diagnostics[id].settings.parse(asked) as never
    const { measure } = works[id]
    expect(await measure(cramped, settings)).toEqual(await measure(whole, settings))
  }, { steps: 4 }))

/** Settings under which a tiny run can be measured quickly. */
const tiny: Record<string, Record<string, unknown>> = { 'same-noise': { count: 16 }, times: { draws: 256 }, solver: { images: 8, doublings: 1, reference: 16 }, condition: { levels: 4, pairs: 8 }, jacobian: { levels: 3, images: 8, probes: 1 }, hessian: { levels: 3, images: 4, batches: 2, steps: 4, outputs: 16 }, propositions: { levels: 2, images: 2 }, memory: { levels: 4, images: 8, draws: 4 }, quality: { count: 64, components: 4 },
  hybrid: { images: 4, steps: 8, t: '0.5 1' }, windows: { images: 64, steps: 8, windows: 2, length: 0.5 }, denoising: { t: '0.01 0.1 0.5', images: 8, draws: 4, slopes: 2, turns: 2 }, likelihood: { images: 2, steps: 4, solver: 'heun', probes: 2 },
  probe: { labels: 16, draws: 2, test: 32, t: '0 0.001 0.1' }, features: { images: 32, t: '0.001 0.1' }, latents: { train: 48, test: 32, t: '0.001 0.1' },
  classes: { t: '0.1 0.5', images: 32, samples: 2 }, gradients: { doublings: 2 },
}

describe('measuring', () => {
  test('leaves the bits of training as they are', async () => {
    const [quiet, watched] = [await create(), await create()]
    await quiet.advance(6)
    for (let i = 0; i < 3; i++) {
      await watched.advance(2)
      for (const { id } of measured) await watched.measure(id, tiny[id] as never)
    }
    expectSameBits(await quiet.checkpoint(), await watched.checkpoint())
  }, 120_000)

  test('happens at its own pace while training, and once more at the end', async () => {
    const session = await create(tinyConfig({ train: { steps: 7 }, evaluate: { measure: true } }))
    session.schedule(measured.map(({ id }) => ({ id, every: id === 'condition' ? 3 : 0, settings: tiny[id] as never })))
    await session.advance(7)
    expect(session.measurements.map(({ id, step }) => [id, step])).toEqual([['condition', 3], ['condition', 6], ['condition', 7]])
  })

  test('stops when cancelled, and the run goes on', async () => {
    const heard: Measurement[] = []
    const session = await create(tinyConfig(), { measured: measurement => heard.push(measurement), measuring: (_, done) => { if (done === 2) session.cancelMeasure() } })
    await expect(session.measure('condition', { levels: 4, pairs: 8 })).rejects.toThrow(Cancelled)
    expect(heard).toEqual([])
    await session.advance(2)
    expect((await session.measure('condition', { levels: 4, pairs: 8 }).catch((error: unknown) => error))).toBeInstanceOf(Cancelled)
    expect(session.step).toBe(2)
  })

  test('says so when the GPU has not the memory, frees what it got, and the run goes on to the same bits', async () => {
    const [quiet, short] = [await create(), await create()]
    await quiet.advance(4)
    await short.advance(2)
    const device = await requestTestDevice()
    const made: GPUBuffer[] = []
    const freed: MockInstance[] = []
    const { createBuffer } = device
    // The third buffer asks for more than any device has: a real error of the GPU, caught by the real scopes.
    const starved = vi.spyOn(device, 'createBuffer').mockImplementation(descriptor => {
      const buffer = createBuffer.call(device, made.length === 2 ? { ...descriptor, size: device.limits.maxBufferSize + 4 } : descriptor)
      made.push(buffer)
      freed.push(vi.spyOn(buffer, 'destroy'))
      return buffer
    })
    await expect(short.measure('condition', { levels: 4, pairs: 8 })).rejects.toThrow(/^the GPU could not give \d+ MiB: /)
    starved.mockRestore()
    for (const destroy of freed) expect(destroy).toHaveBeenCalled()
    expect(made.length).toBeGreaterThan(2)
    expect(short.measurements).toEqual([])
    await short.advance(2)
    expectSameBits(await quiet.checkpoint(), await short.checkpoint())
    expect((await short.measure('condition', { levels: 4, pairs: 8 })).panels.length).toBeGreaterThan(0)
  })

  test('refuses in one sentence what cannot be measured', async () => {
    const session = await create()
    expect(() => session.measure('none')).toThrow(/there is no diagnostic "none"; there are .*condition/)
    expect(() => session.measure('condition', { pairs: 1 })).toThrow(/condition\.pairs: .*8/)
    expect(() => session.measure('condition', { pairs: 1000 })).toThrow(/1000 pairs are more than the 32 held-out images/)
    const first = session.measure('condition', { levels: 4, pairs: 8 })
    expect(() => session.measure('condition')).toThrow(ConfigError)
    expect(() => session.measure('condition')).toThrow(/is being measured; wait for it or cancel it/)
    await first
  })
})
