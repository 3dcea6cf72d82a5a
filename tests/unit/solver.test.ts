/**
 * Solvers on x0 ~ N(0, s²), where the field is k(t) x with k = (t − (1−t)s²)/((1−t)²s² + t²) and the way from t = 1 to 0 multiplies by s. There x² is
 * quadratic in t, so that the midpoint rule's leading error (k″/24 + kk′/4 + k³/6) x h³ is 0 on any stretch; orders are asked for on other fields too.
 */
import { describe, expect, test } from 'vitest'
import { evaluateSchema, parseConfig } from '../../src/config.ts'
import { arrayCarrier } from '../../src/flow/array_carrier.ts'
import { diffusionAt } from '../../src/flow/diffusion.ts'
import { type Carrier, follow, march, type SolverSettings, stagesOf } from '../../src/flow/solver.ts'
import { makePath, type Path } from '../../src/flow/paths.ts'
import { isAdaptive, solvers } from '../../src/flow/solvers.ts'
import { MOST_PLANES } from '../../src/ops/solver.ts'

const S = 0.5
const k = (t: number) => (t - (1 - t) * S ** 2) / ((1 - t) ** 2 * S ** 2 + t ** 2)
const settingsWith = (changes: Partial<SolverSettings>): SolverSettings => ({ ...parseConfig({}).evaluate, ...changes })
const none = () => { throw new Error('an ODE asked for noise') }

/** Where x = 1 comes from t = 1 along dx = rate(t) x, for a rate with exact answer e^(−∫rate). */
async function walk(changes: Partial<SolverSettings>, rate = k, tMin = 0) {
  let looks = 0
  const carrier = arrayCarrier(Float64Array.of(1), (y, t) => {
    looks++
    return [rate(t) * y[0]]
  }, none)
  const journey = await follow(carrier, settingsWith(changes), [tMin])
  return { x: carrier.x[0], looks, journey }
}

/** Slope of log error against log steps. */
const orderBetween = (errors: number[]) => Math.log2(errors.at(-2)! / errors.at(-1)!)

test('solvers are all there, in the order of lists, and have room on the GPU', () => {
  expect(Object.keys(solvers)).toEqual(['euler', 'midpoint', 'heun', 'rk4', 'dopri5', 'sde'])
  expect(evaluateSchema.shape.solver.unwrap().options).toEqual(Object.keys(solvers))
  expect(Object.keys(solvers).filter(isAdaptive)).toEqual(['dopri5'])
  for (const solver of Object.keys(solvers)) expect(stagesOf(solver), solver).toBeLessThanOrEqual(MOST_PLANES)
})

describe('tableaux', () => {
  test.each(Object.values(solvers).flatMap(({ id, tableau }) => (tableau ? [[id, tableau] as const] : [])))('%s is consistent to its order', (_, { nodes, rows, weights, error, order }) => {
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    rows.forEach((row, s) => expect(sum(row)).toBeCloseTo(nodes[s], 12))
    for (let p = 1; p <= order; p++) expect(sum(weights.map((b, s) => b * nodes[s] ** (p - 1)))).toBeCloseTo(1 / p, 12)
    if (error) for (let p = 1; p <= 4; p++) expect(sum(error.map((e, s) => e * nodes[s] ** (p - 1)))).toBeCloseTo(0, 12)
  })
})

describe('fixed steps', () => {
  // No symmetry about any time, and no polynomial for a solution.
  const skewed = (t: number) => 2 / (0.2 + t) - t ** 2
  const exact = Math.exp(1 / 3) / 36 // e^(−∫rate)
  test.each([['euler', 1], ['midpoint', 2], ['heun', 2], ['rk4', 4]] as const)('%s has order %i where nothing is symmetric', async (solver, order) => {
    const errors = []
    for (const solverSteps of [40, 80, 160]) errors.push(Math.abs((await walk({ solver, solverSteps }, skewed)).x - exact))
    expect(orderBetween(errors)).toBeGreaterThan(order - 0.15)
    expect(orderBetween(errors)).toBeLessThan(order + 0.5)
  })

  test.each(Object.values(solvers).flatMap(({ id, tableau }) => (tableau ? [['linear', id, tableau], ['cosine', id, tableau]] as const : [])))('on the Gaussian along the %s path from t = 1 to .3 %s has its order', async (family, id, tableau) => {
    const { alpha, beta, dalpha, dbeta } = makePath(family)
    const variance = (t: number) => (alpha(t) * S) ** 2 + beta(t) ** 2
    const errors = []
    for (const steps of [10, 20, 40]) {
      const carrier = arrayCarrier(Float64Array.of(1), ([x], t) => [((alpha(t) * dalpha(t) * S ** 2 + beta(t) * dbeta(t)) / variance(t)) * x], none)
      await march(carrier, [Float64Array.from({ length: steps + 1 }, (_, i) => 1 - (0.7 * i) / steps)], () => tableau)
      errors.push(Math.abs(carrier.x[0] - Math.sqrt(variance(0.3) / variance(1))))
    }
    const order = tableau.order + (id === 'midpoint' && family === 'linear' ? 1 : 0)
    expect(orderBetween(errors)).toBeGreaterThan(order - 0.15)
    expect(orderBetween(errors)).toBeLessThan(order + 0.5)
  })

  test('Euler has the errors known for the Gaussian, and the midpoint rule an order more than elsewhere', async () => {
    const errors = async (solver: 'euler' | 'midpoint', steps: number[]) => Promise.all(steps.map(async solverSteps => Math.abs((await walk({ solver, solverSteps })).x - S)))
    const known = [6.9e-2, 3.6e-2, 1.8e-2, 9.2e-3]
    ;(await errors('euler', [10, 20, 40, 80])).forEach((error, i) => expect(Math.abs(error / known[i] - 1)).toBeLessThan(0.03))
    expect(orderBetween(await errors('midpoint', [40, 80]))).toBeGreaterThan(2.5)
  })

  test.each([['euler', 8], ['midpoint', 16], ['heun', 15], ['rk4', 32]] as const)('%s asks %i times in eight steps', async (solver, count) => {
    const { looks, journey } = await walk({ solver, solverSteps: 8 })
    expect(looks).toBe(count)
    expect(journey).toMatchObject({ evaluations: [count], rejected: [0], forced: [0] })
  })

  test.each(['midpoint', 'rk4', 'dopri5', 'euler', 'sde'] as const)('%s never asks below T_min when it jumps', async solver => {
    const asked: number[] = []
    const carrier = arrayCarrier(Float64Array.of(1), (y, t) => {
      asked.push(t)
      return [k(t) * y[0]]
    }, () => [0])
    const { times } = await follow(carrier, settingsWith({ solver, belowTMin: 'jump' }), [0.3])
    expect(Math.min(...asked)).toBeCloseTo(0.3, 6)
    expect(times[0].at(-1)).toBe(0)
    expect(times[0].at(-2)).toBeCloseTo(0.3, 6)
  })
})

describe('dopri5', () => {
  test('is as exact as it was asked to be, takes steps back, and counts them', async () => {
    const evaluations: number[] = []
    for (const rtol of [1e-3, 1e-5, 1e-7]) {
      const { x, looks, journey } = await walk({ solver: 'dopri5', rtol, atol: rtol }, t => k(t) + 3 * Math.cos(20 * t ** 2))
      const exact = await walk({ solver: 'rk4', solverSteps: 1000 }, t => k(t) + 3 * Math.cos(20 * t ** 2))
      expect(Math.abs(x - exact.x)).toBeLessThan(3 * rtol)
      expect(looks).toBe(journey.evaluations[0])
      expect(looks).toBe(1 + 6 * (journey.times[0].length - 1 + journey.rejected[0]))
      evaluations.push(looks)
    }
    expect(evaluations[2]).toBeGreaterThan(evaluations[1])
    const { journey } = await walk({ solver: 'dopri5', rtol: 1e-7, atol: 1e-7 }, t => (t < 0.5 ? 400 : 0.1))
    expect(journey.rejected[0]).toBeGreaterThan(0)
  })

  test.each([1e-4, 1e-6])('is as exact where the field bends within %f of t = 0', async near => {
    for (const tolerance of [1e-5, 1e-7]) {
      const { x, journey } = await walk({ solver: 'dopri5', rtol: tolerance, atol: tolerance }, t => 0.5 / (t + near))
      expect(Math.abs(x - Math.sqrt(near / (1 + near)))).toBeLessThan(tolerance)
      expect(journey.forced).toEqual([0])
      expect(journey.evaluations[0]).toBeLessThan(600)
    }
  })

  test('counts the steps that it takes although they are too far off, for none is shorter than the least', async () => {
    const { x, journey } = await walk({ solver: 'dopri5', rtol: 1e-7, atol: 1e-7 }, t => 0.5 / (t + 1e-8))
    expect(Math.abs(x - Math.sqrt(1e-8))).toBeGreaterThan(1e-5)
    expect(journey.forced[0]).toBeGreaterThan(0)
    expect(journey.forced[0]).toBeLessThan(5)
  })

  test('ends, whatever the field', async () => {
    for (const [rate, most] of [[() => Number.NaN, 100], [(t: number) => 1e6 * Math.sin(1e6 * t), 20_000]] as const) {
      const { looks, journey } = await walk({ solver: 'dopri5' }, rate)
      expect(looks).toBeLessThan(most)
      expect(journey.forced[0]).toBeGreaterThan(0)
      expect(journey.times[0].at(-1)).toBe(0)
    }
  })

  test('lets each of several nets choose its own steps', async () => {
    const rates = [k, (t: number) => k(t) + 3 * Math.cos(20 * t ** 2)]
    const alone = []
    for (const rate of rates) alone.push(await walk({ solver: 'dopri5' }, rate))
    const x = [1, 1], y = [1, 1]
    const planes: number[][] = []
    const both: Carrier = {
      look: (plane, t) => { planes[plane] = y.map((value, n) => rates[n](t[n]) * value) },
      combine: rows => rows.forEach(({ keep, along }, n) => { y[n] = along.reduce((sum, factor, j) => sum + factor * planes[j][n], keep * x[n]) }),
      accept: (nets, reuse) => nets.forEach((taken, n) => {
        if (taken) x[n] = y[n]
        if (taken && reuse) planes[0][n] = planes[6][n]
      }),
      error: (along, atol, rtol) => along.map((own, n) => Math.abs(own.reduce((sum, factor, j) => sum + factor * planes[j][n], 0)) / (atol + rtol * Math.max(Math.abs(x[n]), Math.abs(y[n])))),
    }
    const { evaluations, times } = await follow(both, settingsWith({ solver: 'dopri5' }), [0, 0])
    expect(x).toEqual(alone.map(one => one.x))
    expect(evaluations).toEqual(alone.map(one => one.looks))
    expect(times).toEqual(alone.map(one => one.journey.times[0]))
  })
})

describe('the SDE', () => {
  /** Standard deviation at the end, exactly: every step is linear in x and ξ. */
  async function deviation(changes: Partial<SolverSettings>, tMin = 0): Promise<number> {
    let [variance, next, rate] = [1, 1, 0]
    const carrier: Carrier = {
      look: (_, [t]) => { rate = k(t) },
      combine: ([{ keep, along, noise }]) => { next = (keep + along[0] * rate) ** 2 * variance + noise ** 2 },
      accept: () => { variance = next },
      error: () => [0],
    }
    await follow(carrier, settingsWith({ solver: 'sde', solverSteps: 1000, ...changes }), [tMin])
    return Math.sqrt(variance)
  }

  test.each([0, 0.5, 1, 2])('keeps the marginals for ω = 2ct with c = %f', async diffusionScale => {
    expect(Math.abs((await deviation({ diffusionScale, lastStepSize: 0.005 })) / S - 1)).toBeLessThan(0.005)
  })

  test.each(['sigma', 'constant', 'decreasing', 'hump', 'sbdm'] as const)('keeps them for the %s form', async diffusion => {
    expect(Math.abs((await deviation({ diffusion, lastStepSize: 0.01, diffusionScale: 0.5 })) / S - 1)).toBeLessThan(0.005)
  })

  test('without noise is the ODE', async () => {
    const ode = await walk({ solver: 'euler', solverSteps: 50, belowTMin: 'jump' }, k, 0.04)
    expect(await deviation({ solverSteps: 50, diffusionScale: 0 })).toBeCloseTo(Math.abs(ode.x), 6)
  })

  test('last steps differ as they should', async () => {
    const [euler, mean, none] = [await deviation({ lastStep: 'euler' }), await deviation({ lastStep: 'mean' }), await deviation({ lastStep: 'none' })]
    expect(Math.abs(none / S - 1)).toBeLessThan(0.005) // stops at t = .001 with the noise that belongs there
    expect(euler).toBeLessThan(S) // E[x0|x_t] has less spread than x0
    expect(mean).toBeLessThan(euler) // its drift is twice that of the ODE near t = 0
  })

  test('ω of every form is what the paper has', () => {
    const at = (diffusion: SolverSettings['diffusion'], t: number, path?: Path) => diffusionAt({ diffusion, diffusionScale: 1 }, t, 0.01, path)
    expect([at('linear', 0.25), at('constant', 0.25), at('decreasing', 1), at('hump', 0.5), at('sbdm', 0.5), at('sbdm', 1)]).toEqual([0.5, 2, 2, 2, 2, 200])
    for (const t of [0, 0.3, 1]) expect(at('sigma', t)).toBe(at('linear', t))
    const power = makePath('power', { p: 2 })
    expect([at('linear', 0.5, power), at('sigma', 0.5, power)]).toEqual([1, 0.5])
  })
})
