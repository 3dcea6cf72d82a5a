/** Paths at a level: conversions, the table that the GPU reads, floors, and fields whose answer is known sampled along every path. */
import { describe, expect, test } from 'vitest'
import { configSchema, evaluateSchema, objectiveSchema, parseConfig, seedGroups } from '../../src/config.ts'
import { arrayCarrier } from '../../src/flow/array_carrier.ts'
import { makePath, type Path, pathFamilies } from '../../src/flow/paths.ts'
import { PATH_WORDS, pathTable } from '../../src/flow/path_table.ts'
import { endOf, floorOn, isLinear, LEAST_LEVEL, linearLevel, LINEAR, pathOf, placeOn, toImage, toNoise } from '../../src/flow/place.ts'
import { type Carrier, follow, type SolverSettings } from '../../src/flow/solver.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { meanTargets, mixOf } from '../../src/model/guidance.ts'
import { packKnobs } from '../../src/model/knobs.ts'
import { resolveReplica } from '../../src/model/replica.ts'
import { errorWeight, middleWeight, reading } from '../../src/reference/reading.ts'

const families = Object.keys(pathFamilies).map(id => makePath(id))
const all: [string, Path][] = [...families, makePath('power', { p: 0.5 }), makePath('power', { p: 0.25 }), makePath('power', { p: 4 }), makePath('ve', { sigmaMin: 0.1, sigmaMax: 5 }), makePath('vp', { b0: 1, b1: 40 })]
  .map(path => [`${path.id} ${JSON.stringify(path.parameters)}`, path])
const levels = [1e-4, 0.001, 0.02, 0.1, 0.3, 0.5, 0.8, 0.99, 1]

test('the config offers every path and has every parameter, within its bounds', () => {
  expect(objectiveSchema.shape.path.unwrap().options).toEqual(Object.keys(pathFamilies))
  for (const path of Object.keys(pathFamilies)) expect(pathOf(parseConfig({ objective: { path } }).objective)).toMatchObject({ id: path, parameters: makePath(path).parameters })
  const odd = parseConfig({ objective: { path: 'power', power: 0.5, b1: 5 }, replicas: [{}, { path: 'vp' }, { path: 'vp', seed: 3 }, { path: 'linear' }] })
  const paths = odd.replicas.map(replica => resolveReplica(odd, replica).path)
  expect(paths.map(({ id, parameters }) => [id, parameters])).toEqual([['power', { p: 0.5 }], ['vp', { b0: 0.1, b1: 5 }], ['vp', { b0: 0.1, b1: 5 }], ['linear', {}]])
  expect(seedGroups(odd)).toEqual([[0], [1, 2], [3]])
  expect(configSchema.safeParse({ objective: { path: 'spline' } }).success).toBe(false)
  expect(configSchema.safeParse({ objective: { path: 've', sigmaMin: 0 } }).success).toBe(false)
})

test('a path that never comes to noise is refused, for nothing could be drawn', () => {
  expect(() => checkConfig(parseConfig({ objective: { path: 'vp', b0: 0.01, b1: 1 } }))).toThrow(/^replicas\.0: at t = 1 the path vp still has 0\.78 of the image .*larger rates/)
  expect(() => checkConfig(parseConfig({ objective: { sigmaMax: 2 }, replicas: [{}, { path: 've' }] }))).toThrow(/^replicas\.1: .*objective\.sigmaMax/)
  for (const path of objectiveSchema.shape.path.unwrap().options) expect(() => checkConfig(parseConfig({ objective: { path } }))).not.toThrow()
})

/** Rate k of the best velocity k x of x0 ~ N(0, s²), whose marginals have the variance α²s² + β². */
const S = 0.5
const varianceOn = (path: Path, t: number) => {
  const { alpha, beta } = placeOn(path, t)
  return alpha ** 2 * S ** 2 + beta ** 2
}
const rateOn = (path: Path, t: number) => {
  const { alpha, beta, dalpha, dbeta } = placeOn(path, t)
  return (alpha * dalpha * S ** 2 + beta * dbeta) / varianceOn(path, t)
}

describe.each(all)('%s', (_, path) => {
  test('image and noise come back from x_t and the velocity', () => {
    for (const t of levels) {
      const place = placeOn(path, t)
      const [x0, eps] = [0.7, -1.3]
      const [x, v] = [place.alpha * x0 + place.beta * eps, place.dalpha * x0 + place.dbeta * eps]
      const [image, noise] = [toImage(place), toNoise(place)]
      expect(place.wronskian).toBeGreaterThan(0)
      expect(image.keep * x + image.along * v).toBeCloseTo(x0, 8)
      expect(Math.abs(noise.keep * x + noise.along * v - eps) * place.beta).toBeLessThan(1e-8)
      // A net that answers with image or noise says the same velocity, and errors of one are errors of the other.
      for (const [prediction, answer, off] of [['image', x0, image.along], ['noise', eps, noise.along]] as const) {
        const { skip, out } = reading(prediction, t, 1e-12, place)
        expect(Math.abs(skip * x + out * answer - v)).toBeLessThan(1e-9 * Math.max(1, Math.abs(skip * x), Math.abs(out * answer)))
        expect(errorWeight('velocity', prediction, t, 1e-12, place).root).toBeCloseTo(Math.abs(off), 10)
      }
    }
  })

  test('the score −ε̂/β of the Gaussian is the slope of log p_t', () => {
    for (const t of levels) {
      const place = placeOn(path, t)
      if (place.beta * place.wronskian < 1e-9) continue // where ε̂ is a difference of numbers that agree in most of their digits
      const { keep, along } = toNoise(place)
      const variance = varianceOn(path, t)
      const logDensity = (x: number) => -0.5 * (x ** 2 / variance + Math.log(2 * Math.PI * variance))
      const step = 1e-4 * Math.sqrt(variance)
      for (const x of [-1.2, 0.4, 2].map(value => value * Math.sqrt(variance))) {
        const score = -(keep * x + along * rateOn(path, t) * x) / place.beta
        expect(score / ((logDensity(x + step) - logDensity(x - step)) / (2 * step)), `x = ${x}, t = ${t}`).toBeCloseTo(1, 6)
      }
    }
  })

  test('the table has it as exactly as float32 can, over all of t', () => {
    const table = pathTable(path)
    expect(table.length).toBe(PATH_WORDS)
    if (isLinear(path)) return expect([table[0], table.slice(1).every(value => value === 0)]).toEqual([1, true])
    expect(table[0]).toBe(0)
    const bits = new Uint32Array(1)
    const float = new Float32Array(bits.buffer)
    for (let i = 0; i <= 3000; i++) {
      float[0] = LEAST_LEVEL ** (1 - i / 3001)
      const t = float[0]
      const piece = (bits[0] - 0x37000000) >>> 20
      const u = (bits[0] & 0xfffff) / 524288 - 1
      ;[path.alpha, path.beta, path.dalpha, path.dbeta].forEach((f, column) => {
        let value = 0
        for (let k = 5; k >= 0; k--) value = value * u + table[4 * (1 + 6 * piece + k) + column]
        // β and β′ near the image count relatively, for conversions divide by them.
        const wanted = 4e-7 * Math.abs(f(t)) + (column % 2 === 1 && t < 0.5 ? 0 : 1e-8)
        expect(Math.abs(value - f(t)), `${'αβ'[column % 2]}${column > 1 ? '′' : ''} at ${t}`).toBeLessThan(wanted)
      })
    }
  })

  test('the floor is the least error of the image, times (W/β)²: exactly that of the Gaussian', () => {
    const s = 0.5
    for (const t of levels) {
      const { alpha, beta, wronskian } = placeOn(path, t)
      const least = (s * beta) ** 2 / ((alpha * s) ** 2 + beta ** 2)
      const floor = floorOn(path, t, level => s ** 2 / ((1 - level) ** 2 * s ** 2 + level ** 2))
      expect(floor / ((wronskian / beta) ** 2 * least)).toBeCloseTo(1, 10)
    }
    expect(linearLevel(placeOn(path, 0.5))).toBeGreaterThan(0)
  })
})

const settingsWith = (changes: Partial<SolverSettings>): SolverSettings => ({ ...parseConfig({}).evaluate, ...changes })

describe('the Gaussian whose field is known, sampled', () => {
  test.each(all)('by RK4 along %s has the spread of the data', async (_, path) => {
    const { beta } = placeOn(path, 1)
    const asked: number[] = []
    const carrier = arrayCarrier(Float64Array.of(beta), ([x], t) => {
      asked.push(t)
      return [rateOn(path, t) * x]
    }, () => [])
    const { times } = await follow(carrier, settingsWith({ solver: 'rk4', solverSteps: 400, belowTMin: 'through' }), [0], [path])
    // From β(1) ε, which is short of α(1) of the image, to what is there at t = 0, noise of the path's own included; E[x0|x_t] has less spread where a sampler jumps.
    const expected = Math.sqrt(varianceOn(path, 0) / varianceOn(path, 1)) * beta
    expect(carrier.x[0] / expected).toBeGreaterThan(endOf(path) > 0 ? 0.9 : 0.998)
    expect(carrier.x[0] / expected).toBeLessThan(1.002)
    expect(times[0].at(-1)).toBe(0)
    if (endOf(path) > 0) expect(Math.min(...asked)).toBeCloseTo(endOf(path), 6)
  })

  test.each(all)('the SDE keeps its marginals along %s, whatever the form of its noise', async (_, path) => {
    for (const diffusion of evaluateSchema.shape.diffusion.unwrap().options) {
      let [variance, next, rate] = [varianceOn(path, 1), 0, 0]
      const carrier: Carrier = {
        look: (__, [t]) => { rate = rateOn(path, t) },
        combine: ([{ keep, along, noise }]) => { next = (keep + along[0] * rate) ** 2 * variance + noise ** 2 },
        accept: () => { variance = next },
        error: () => [0],
      }
      const { times: [passed] } = await follow(carrier, settingsWith({ solver: 'sde', solverSteps: 4000, diffusion, lastStep: 'none', belowTMin: 'through' }), [0], [path])
      const end = endOf(path) > 0 ? passed.at(-2)! : passed.at(-1)!
      const { keep, along } = toImage(placeOn(path, end))
      const expected = endOf(path) > 0 ? (keep + along * rateOn(path, end)) ** 2 * varianceOn(path, end) : varianceOn(path, end)
      expect(Math.abs(Math.sqrt(variance / expected) - 1), diffusion).toBeLessThan(0.005)
    }
  })
})

test('Tweedie’s last step is Euler’s on the linear path, and ends nearer on a curved one', async () => {
  const end = async (path: Path, lastStep: 'euler' | 'tweedie') => {
    const carrier = arrayCarrier(Float64Array.of(1), ([x], t) => [rateOn(path, t) * x], () => [0])
    await follow(carrier, settingsWith({ solver: 'sde', solverSteps: 50, diffusionScale: 0, lastStep, belowTMin: 'through' }), [0], [path])
    return carrier.x[0]
  }
  expect(await end(LINEAR, 'tweedie')).toBeCloseTo(await end(LINEAR, 'euler'), 12)
  const power = makePath('power', { p: 0.9 })
  expect(await end(power, 'tweedie')).toBeCloseTo(await end(power, 'euler'), 12) // a pole: it jumps either way
})

test('what ΔFM pushes from is E[α′(t)] E[x0]: over even levels the way of α, of which its correction puts back the same at every level', () => {
  const paths = ['linear', 'cosine', 'power', 'vp', 've'] as const
  const config = parseConfig({ objective: { lambda: 0.5 }, evaluate: { correction: true }, replicas: paths.map(path => ({ method: 'contrastive-fm', path })) })
  paths.forEach((id, r) => {
    const path = makePath(id)
    expect(meanTargets(config, r, { train: Float32Array.of(2), trainLabels: Uint8Array.of(0) }, [0])[0], id).toBeCloseTo(2 * (path.alpha(1) - path.alpha(0)), 6)
    for (const t of [0.2, 0.7]) expect(mixOf(config, r, t)).toMatchObject({ own: 0.5, mean: 0.5 })
  })
})

test('weights in the middle have mean 1 and are an error of their own for the GPU', () => {
  const mean = Array.from({ length: 1000 }, (_, i) => middleWeight((i + 0.5) / 1000)).reduce((sum, value) => sum + value, 0) / 1000
  expect(mean).toBeCloseTo(1, 3)
  const words = (loss: 'velocity' | 'middle') => Array.from(packKnobs(parseConfig({ objective: { loss } }), {}))
  expect(words('middle').filter((word, i) => word !== words('velocity')[i])).toEqual([3])
})
