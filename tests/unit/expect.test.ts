/** How long a run will take: its work against a count by hand, and what the estimate does with it. How near it comes on an adapter is no business of a test. */
import { describe, expect, test } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { about, expectedTime, stepWork } from '../../src/lab/expect.ts'
import { planMemory, recordRun } from '../../src/lab/plan.ts'
import { refined, timeFor } from '../../src/lab/speed.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const fm = tinyConfig({ net: { channels: 3, size: 12 }, data: { dataset: 'shapes' }, replicas: [{ method: 'fm' }] })
const work = (config: Config) => stepWork(recordRun(config), config)

/** Multiplications and additions of one image: forward, and backward without what would lead to the image and to t. */
function byHand({ net: { size, patch, width: C, blocks: L, channels } }: Config) {
  const T = (size / patch) ** 2
  const P = channels * patch ** 2
  const [patches, head, blocks] = [T * P * C, T * C * P, L * T * 12 * C * C]
  const [time, time2, modulation] = [256 * C, C * C, C * (6 * L + 2) * C]
  const attention = L * T * T * C // one product of queries and keys
  const forward = patches + head + blocks + time + time2 + modulation + 2 * attention
  const backward = patches + time + 2 * (head + blocks + time2 + modulation) + 7 * attention // scores twice, values and output twice, then dV, dQ, dK
  return { forward: 2 * forward, step: 2 * (forward + backward) }
}

describe('work of a step', () => {
  test('is what a count by hand finds, on every kind of kernel', () => {
    const expected = 8 * byHand(fm).step
    expect(work(fm).flops).toBe(expected)
    for (const lanes of [4, 8]) {
      const tiles = { forward: [8, 1], input: [8, 1], weight: [4, 1], lanes } as const
      expect(stepWork(recordRun(fm, tiles), fm).flops).toBe(expected)
    }
    expect(work(fm).dispatches).toBe(recordRun(fm).training.recorder.dispatches.length)
  })

  test('counts replicas, as many anchors as there are on average, the candidates of an averaged target, and micro-batches', () => {
    const one = work(fm).flops
    expect(work({ ...fm, replicas: [{ method: 'fm' }, { method: 'fm' }] }).flops).toBe(2 * one)
    const anchored = (tMin: number) => work({ ...fm, replicas: [{ method: 'lcf', tMin }] }).flops - one
    expect(anchored(0.4)).toBeCloseTo(2 * anchored(0.2), 0)
    expect(anchored(0.2)).toBeGreaterThan(0.2 * 0.3 * 8 * byHand(fm).forward)
    expect(anchored(0.2)).toBeLessThan(0.2 * 8 * byHand(fm).forward)
    expect(work({ ...fm, replicas: [{ method: 'lcf', lambda: 0, tMin: 0.4 }] }).flops).toBe(one)
    expect(work({ ...fm, replicas: [{ method: 'exfm' }] }).flops - one).toBe(8 * 5 * 432 * 64) // of 64 images, which is fewer than the candidates
    expect(work({ ...fm, replicas: [{ method: 'exfm', candidates: 5 }, { method: 'exfm', candidates: 7 }, { method: 'fm' }] }).flops - 3 * one).toBe(8 * 5 * 432 * 12) // each its own
    const parts = work({ ...fm, train: { ...fm.train, microBatches: 4 } })
    expect([parts.flops, parts.dispatches]).toEqual([one, 4 * work(fm).dispatches])
  })
})

describe('the time of a run', () => {
  const speed = { flops: 1e9, dispatch: 1e-5 }
  const time = (config: Config) => expectedTime(recordRun(config), config, speed)

  test('is that of its steps, and of what it measures on the way', () => {
    const { step, seconds, flops } = time(fm)
    expect(seconds).toBeCloseTo(30 * step, 10)
    expect(step).toBeCloseTo(timeFor({ flops, dispatches: work(fm).dispatches }, speed), 10)
    const looking = { ...fm, evaluate: { ...fm.evaluate, every: 10, samplesEvery: 15 } }
    // 24 levels of 8 images, four times; 2 samples in 4 steps, three times.
    expect(time(looking).seconds - seconds).toBeGreaterThan((4 * 24 * 8 + 3 * 2 * 4) * byHand(fm).forward / 1e9)
    const measuring = parseConfig({})
    expect(time(measuring).seconds).toBeGreaterThan(1.1 * time({ ...measuring, evaluate: { ...measuring.evaluate, measure: false } }).seconds)
    expect(time({ ...fm, train: { ...fm.train, steps: 60 } }).seconds).toBeCloseTo(2 * seconds, 10)
  })

  test('stands in the plan, but where there is no room for the run', () => {
    const roomy = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 }
    const expected = (config: Config, limits: typeof roomy) => planMemory(config, limits, undefined, run => expectedTime(run, config, speed))
    expect(expected(fm, roomy).time!.seconds).toBe(time(fm).seconds)
    expect(expected(fm, { ...roomy, maxBufferSize: 1000 })).toMatchObject({ refusal: expect.any(String) as string })
    expect(expected(fm, { ...roomy, maxBufferSize: 1000 }).time).toBeUndefined()
  })

  test('follows what a run has shown', () => {
    const shown = refined(speed, 2, 3)
    expect(timeFor({ flops: 5e8, dispatches: 100 }, shown)).toBeCloseTo(1.5 * timeFor({ flops: 5e8, dispatches: 100 }, speed), 12)
  })

  test('is told in as many digits as it is worth', () => {
    expect([0.2, 3.4, 12, 56, 57, 200, 754, 3300, 3500, 5000, 40_000, 86_400 * 2, 86_400 * 70, 86_400 * 1200].map(about)).toEqual([
      'about 1 s', 'about 3 s', 'about 10 s', 'about 55 s', 'about 1 min', 'about 3 min', 'about 15 min', 'about 55 min', 'about 1 h', 'about 1.5 h', 'about 11 h', 'about 2 days', 'about 2 months', 'about 3 years',
    ])
  })
})
