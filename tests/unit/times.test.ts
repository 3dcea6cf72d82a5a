import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { philox, STREAM_TIME, uniformOpen } from '../../src/engine/philox.ts'
import { drawTimes, timeDensity, TIME_MARGIN, timeSamplerOf } from '../../src/flow/times.ts'
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

  test('stay off both ends, whatever m and s', () => {
    for (const mean of [-4, 4]) for (const t of drawTimes({ mean, scale: 4 }, 1, 0, 20_000)) expect(t >= Math.fround(TIME_MARGIN) && t < 1).toBe(true)
  })

  test('uniform ones are the words of the counters, as they always were', () => {
    expect(Array.from(drawTimes({ mean: 0, scale: 0 }, 9, 4, 6))).toEqual(Array.from({ length: 6 }, (_, i) => uniformOpen(philox(i >>> 2, 4, STREAM_TIME, 0, 9, 0)[i & 3])))
  })

  test('with strata are refused', () => {
    expect(() => checkConfig(parseConfig({ objective: { times: 'jit', stratified: true } }))).toThrow(/strata are for uniform/)
    expect(() => checkConfig(parseConfig({ objective: { times: 'sigma-uniform', stratified: true } }))).toThrow(/strata are for uniform/)
    expect(() => checkConfig(parseConfig({ objective: { stratified: true }, replicas: [{ method: 'fm-logit-normal' }] }))).toThrow(/FM, logit-normal t: stratified/)
    checkConfig(parseConfig({ objective: { times: 'jit' } }))
  })
})
