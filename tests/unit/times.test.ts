import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { measure, theory } from '../../src/diagnostics/times.diagnostic.ts'
import { philox, STREAM_TIME, uniformOpen } from '../../src/engine/philox.ts'
import { drawTimes, meanOverTimes, timeDensity, TIME_MARGIN, timeSamplerOf } from '../../src/flow/times.ts'
import { checkConfig } from '../../src/lab/data.ts'

const share = (values: Float32Array, bound: number) => values.reduce((sum, t) => sum + Number(t < bound), 0) / values.length
const DRAWS = 200_000

describe('logit-normal noise levels', () => {
  test.each([[-0.5, 0.378, 0.0448], [0, 0.5, 0.014], [0.5, 0.622, 0.0035]])('m = %f: median %f, and %f of them below .1', (mean, median, low) => {
    const drawn = drawTimes({ mean, scale: 1 }, 3, 0, DRAWS)
    expect(Math.abs(share(drawn, median) - 0.5)).toBeLessThan(0.004)
    expect(Math.abs(share(drawn, 0.1) - low)).toBeLessThan(4 * Math.sqrt(low / DRAWS))
  })

  test.each(['logit-normal', 'jit', 'low-noise', 'sigma-uniform', 'uniform'] as const)('%s: the density has mass 1 and is that of the draws', times => {
    const sampler = timeSamplerOf({ times, timeMean: -0.5, timeScale: 1 })
    const mass = (from: number, to: number) => {
      let sum = 0
      for (let i = 0; i < 2000; i++) sum += timeDensity(sampler, from + ((i + 0.5) / 2000) * (to - from)) * ((to - from) / 2000)
      return sum
    }
    expect(mass(0, 1)).toBeCloseTo(1, 3)
    const drawn = drawTimes(sampler, 5, 2, DRAWS)
    for (let bin = 0; bin < 10; bin++) {
      const expected = mass(bin / 10, (bin + 1) / 10)
      expect(Math.abs(share(drawn, (bin + 1) / 10) - share(drawn, bin / 10) - expected)).toBeLessThan(5 * Math.sqrt(expected / DRAWS) + 1e-4)
    }
  })

  test('means over levels: those of draws, exact for what does not change, and as steep at 0 as a path may be', () => {
    for (const times of ['logit-normal', 'jit', 'low-noise', 'sigma-uniform', 'uniform'] as const) {
      const sampler = timeSamplerOf({ times, timeMean: -0.5, timeScale: 1 })
      const drawn = drawTimes(sampler, 6, 1, DRAWS)
      for (const f of [(t: number) => t, (t: number) => Math.exp(-5 * t)]) expect(Math.abs(meanOverTimes(sampler, f) - drawn.reduce((sum, t) => sum + f(t), 0) / DRAWS), times).toBeLessThan(0.004)
      expect(meanOverTimes(sampler, () => -1)).toBe(-1)
    }
    const uniform = { mean: 0, scale: 0 }
    expect(meanOverTimes(uniform, t => t ** 3)).toBeCloseTo(0.25, 10)
    expect(meanOverTimes(uniform, t => 0.25 * Math.max(t, 1e-5) ** -0.75)).toBeCloseTo(1 - 0.75 * 1e-5 ** 0.25, 5)
  })

  test('stay off both ends, whatever m and s', () => {
    for (const mean of [-4, 4]) for (const t of drawTimes({ mean, scale: 4 }, 1, 0, 20_000)) expect(t >= Math.fround(TIME_MARGIN) && t < 1).toBe(true)
  })

  test('uniform ones are the words of the counters, as they always were', () => {
    expect(Array.from(drawTimes({ mean: 0, scale: 0 }, 9, 4, 6))).toEqual(Array.from({ length: 6 }, (_, i) => uniformOpen(philox(i >>> 2, 4, STREAM_TIME, 0, 9, 0)[i & 3])))
  })

  test('with strata are refused', () => {
    expect(() => checkConfig(parseConfig({ objective: { times: 'jit', stratified: true } }))).toThrow(/strata are for uniform/)
    expect(() => checkConfig(parseConfig({ objective: { times: 'sigma-uniform', stratified: true } }))).toThrow(/strata are for uniform/)
    expect(() => checkConfig(parseConfig({ objective: { stratified: true }, replicas: [{ method: 'fm' }, { method: 'fm', times: 'jit' }] }))).toThrow(/strata are for uniform/)
    expect(() => checkConfig(parseConfig({ objective: { times: 'jit', stratified: true }, replicas: [{ method: 'fm', times: 'uniform' }] }))).not.toThrow()
    expect(() => checkConfig(parseConfig({ objective: { stratified: true }, replicas: [{ method: 'fm-logit-normal' }] }))).toThrow(/FM, logit-normal t: stratified/)
    checkConfig(parseConfig({ objective: { times: 'jit' } }))
  })
})

describe('the panel of a run', () => {
  const asked = { times: 'uniform', timeMean: 0, timeScale: 1, draws: 65536 } as const
  const benchOf = (config: ReturnType<typeof parseConfig>) => ({ config, groups: config.replicas.map((_, r) => ({ label: `replica ${r}`, replicas: [r] })), progress: async () => {} }) as unknown as Parameters<typeof measure>[0]

  test('draws each network’s own density over its own levels, whatever the panel is set to', async () => {
    const config = parseConfig({ objective: { times: 'jit', timeMean: -0.5 }, replicas: [{ method: 'fm' }, { method: 'fm-logit-normal', seed: 1 }] })
    const [{ curves, summary, notes }] = await measure(benchOf(config), asked)
    expect(curves.map(({ replica, kind, label }) => [replica, kind, label])).toEqual([[null, 'theory', 'uniform'], [0, 'theory', 'density'], [0, 'measured', ''], [1, 'theory', 'density'], [1, 'measured', '']])
    for (const [known, { x, y, spread }] of [[curves[1], curves[2]], [curves[3], curves[4]]] as const) {
      x.forEach((t, bin) => {
        const there = known.y[known.x.findIndex(at => Math.abs(at - t) < 1e-9)]! // the middle of a bin is one of the points of the density
        expect(Math.abs(y[bin]! - there), `t = ${t}`).toBeLessThan(5 * Math.max(spread![bin]!, 0.01) + 0.08)
      })
    }
    expect(Math.max(...curves[1].y.map(value => value!))).toBeGreaterThan(1.5) // JiT’s levels crowd near t = .7
    expect(summary).toMatch(/^Of all levels 0\.\d+ % in replica 0, [34]\.\d+ % in replica 1 lie below t = 0\.1, where uniform ones put 10 %\.$/)
    expect(notes.join(' ')).toContain('the other way round')
  })

  test('without a run it is that of the settings', () => {
    const [{ curves, summary }] = theory({ ...asked, times: 'low-noise' })
    expect(curves.map(({ replica, label }) => [replica, label])).toEqual([[null, 'uniform'], [null, 'low-noise'], [null, 'drawn']])
    expect(summary).toMatch(/of the low-noise levels lie below/)
  })
})
