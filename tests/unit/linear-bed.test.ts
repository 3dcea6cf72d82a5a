import { describe, expect, test } from 'vitest'
import { PhiloxStream } from '../../src/engine/philox.ts'
import { logLogSlope } from '../../src/flow/estimate.ts'
import { descend, hessianConditionNumber, stepsToReach, subspaceSpectrum, sufficientSteps } from '../../src/flow/linear_bed.ts'

const subspace = subspaceSpectrum(16, 4, 4)
const isotropic = subspaceSpectrum(16, 16, 1)
const uneven = [4, 2, 1, 0.5, 0.1, 0.02]

describe('κ(H)', () => {
  test.each([[0.1, 325], [0.05, 1445], [0.02, 9605]])('on a subspace with λ = 4 at t = %d is %d', (t, expected) => {
    expect(hessianConditionNumber(subspace, t)).toBeCloseTo(expected, 8)
  })

  test('is 1 at every t for Σ = I', () => {
    for (const t of [0, 0.001, 0.1, 0.5, 1]) expect(hessianConditionNumber(isotropic, t)).toBe(1)
  })

  test('has slope −2 near 0 on a subspace, and stays finite off it', () => {
    const levels = [1e-4, 3e-4, 1e-3, 3e-3]
    expect(logLogSlope(levels, levels.map(t => hessianConditionNumber(subspace, t))).slope).toBeCloseTo(-2, 2)
    expect(hessianConditionNumber(subspace, 0)).toBe(Infinity)
    expect(hessianConditionNumber(uneven, 0)).toBeCloseTo(200, 10)
  })

  // The loss is quadratic in W, so a second difference is its curvature; in the eigenbasis each direction has a weight of its own.
  test('is the ratio of curvatures of the sampled loss', () => {
    const random = new PhiloxStream(5, 53)
    const t = 0.3
    const curvature = uneven.map(() => 0)
    const count = 40_000
    for (let n = 0; n < count; n++) {
      uneven.forEach((lambda, i) => {
        const [clean, eps] = [Math.sqrt(lambda) * random.normal(), random.normal()]
        const x = (1 - t) * clean + t * eps
        const loss = (w: number) => (w * x - (eps - clean)) ** 2
        curvature[i] += (loss(1) - 2 * loss(0) + loss(-1)) / count
      })
    }
    expect(Math.max(...curvature) / Math.min(...curvature) / hessianConditionNumber(uneven, t)).toBeCloseTo(1, 1)
  })
})

describe('gradient descent, run', () => {
  test.each([['subspace', subspace, 0.1], ['subspace', subspace, 0.5], ['uneven', uneven, 0.05], ['isotropic', isotropic, 0.02]] as const)(
    '%s: the error never exceeds eq. 40, nor the tighter bound of a quadratic', (_, spectrum, t) => {
      for (const start of ['zero', 'slowest'] as const) {
        const { squaredError, bound, quadraticBound } = descend(spectrum, t, { steps: 400, start, seed: 1 })
        squaredError.forEach((error, k) => {
          const rounding = 1e-12 // of W, and of a factor taken to the power 800
          expect(Math.sqrt(error)).toBeLessThanOrEqual(Math.sqrt(bound[k]) + rounding)
          expect(Math.sqrt(error)).toBeLessThanOrEqual(Math.sqrt(quadraticBound[k]) + rounding)
        })
      }
    })

  test('along the slowest direction it takes the whole bound of a quadratic, at κ = 325', () => {
    const { squaredError, bound, quadraticBound, conditionNumber } = descend(subspace, 0.1, { steps: 1000, start: 'slowest', seed: 2 })
    expect(conditionNumber).toBeCloseTo(325, 8)
    for (const k of [0, 1, 10, 100, 1000]) expect(squaredError[k] / quadraticBound[k]).toBeCloseTo(1, 8)
    expect(squaredError[1000]).toBeLessThan(0.1 * bound[1000])
  })

  test('reaches the minimum that regression has: (t − (1−t)λ)/((1−t)²λ + t²) along each direction', () => {
    const { squaredError, excessLoss } = descend(uneven, 0.5, { steps: 400, start: 'zero', seed: 3 })
    const optimum = uneven.reduce((sum, lambda) => sum + ((0.5 - 0.5 * lambda) / (0.25 * lambda + 0.25)) ** 2, 0)
    expect(squaredError[0]).toBeCloseTo(optimum, 10) // ‖W*‖², started at 0
    expect(squaredError[400]).toBeLessThan(1e-20)
    // From 0: E‖v*‖² less the floor, both known, mean over dimensions
    const gap = uneven.reduce((sum, lambda) => sum + (1 + lambda - lambda / (0.25 * lambda + 0.25)) / 6, 0)
    expect(excessLoss[0]).toBeCloseTo(gap, 10)
  })

  test('one step suffices for Σ = I at any noise level', () => {
    expect(stepsToReach(descend(isotropic, 0.001, { steps: 3, start: 'zero', seed: 0 }).squaredError, 1e-9)).toBe(1)
  })

  test('the slow directions are those that the loss hardly feels', () => {
    const { squaredError, excessLoss } = descend(subspace, 0.1, { steps: 200, start: 'zero', seed: 4 })
    expect(squaredError[200] / squaredError[0]).toBeGreaterThan(0.2)
    expect(excessLoss[200] / excessLoss[0]).toBeLessThan(squaredError[200] / squaredError[0])
  })

  test('the rotation changes nothing', () => {
    const run = (seed: number) => descend(uneven, 0.2, { steps: 50, start: 'zero', seed }).squaredError
    const [a, b] = [run(1), run(2)]
    a.forEach((error, k) => expect(error).toBeCloseTo(b[k], 10))
  })
})

describe('step counts', () => {
  test.each([[0.1, 0.1], [0.3, 0.01]])('at t = %d steps to ε = %d stay below what suffices, and take half of it along the slowest direction', (t, epsilon) => {
    const sufficient = sufficientSteps(hessianConditionNumber(subspace, t), epsilon)
    const run = (start: 'zero' | 'slowest') => stepsToReach(descend(subspace, t, { steps: sufficient, start, seed: 1 }).squaredError, epsilon)!
    expect(run('zero')).toBeLessThanOrEqual(sufficient)
    expect(Math.abs(run('slowest') - sufficient / 2)).toBeLessThanOrEqual(1)
  })

  test('about 2κ ln(1/ε)', () => {
    expect(sufficientSteps(325, 0.01) / (2 * 325 * Math.log(100))).toBeCloseTo(1, 2)
    expect(sufficientSteps(1, 0.01)).toBe(1)
    expect(stepsToReach([4, 2, 1, 0.04], 0.1)).toBe(3)
    expect(stepsToReach([4, 2], 0.1)).toBeNull()
  })
})

test.each([
  [() => descend(subspace, 0, { steps: 5, start: 'zero', seed: 0 }), /no one minimum/],
  [() => descend(subspace, 0.1, { steps: 1.5, start: 'zero', seed: 0 }), /whole number, not 1.5/],
  [() => hessianConditionNumber([1, -1], 0.1), /variances of 0 or more/],
  [() => hessianConditionNumber([], 0.1), /variances of 0 or more/],
  [() => hessianConditionNumber([1], 2), /between 0 and 1, not 2/],
  [() => subspaceSpectrum(4, 5, 1), /4 dimensions cannot have 5/],
  [() => sufficientSteps(0.5, 0.1), /1 or more/],
  [() => sufficientSteps(5, 1), /between 0 and 1, not 1/],
])('bad input is named: %#', (call, message) => {
  expect(call).toThrow(message)
})
