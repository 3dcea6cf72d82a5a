/** What guidance and ΔFM's correction make of velocities, held to closed forms. */
import { describe, expect, test } from 'vitest'
import { type ConfigInput, parseConfig } from '../../src/config.ts'
import { drawTimes, timeSamplerOf } from '../../src/flow/times.ts'
import { isPlain, meanTargets, mixOf, passesOf, pushedFrom } from '../../src/model/guidance.ts'

const configOf = ({ objective, evaluate, net, train }: ConfigInput = {}) => parseConfig({
  net: { classes: 10, labelDrop: 0.1, ...net }, objective: { lambda: 0.05, ...objective }, evaluate, train, replicas: [{ method: 'contrastive-fm' }, { method: 'fm' }],
})

/** The minimum over v of E‖v − u‖² − λ E‖v − u'‖², u' with probability `itself` the sample's own u. */
const minimum = (u: number, other: number, lambda: number, itself = 0) => (u - lambda * ((1 - itself) * other + itself * u)) / (1 - lambda)

describe('ΔFM corrected', () => {
  test('gives back what flow matching’s minimum was, by every policy', () => {
    expect(minimum(1.3, -0.4, 0.05)).toBeCloseTo(1.38947, 5)
    for (const lambda of [0.05, 0.5, 0.99]) {
      // Micro-batches permute each their own samples.
      for (const [negatives, microBatches, itself] of [['any', 1, 0], ['permutation', 1, 1 / 8], ['permutation', 4, 1 / 2], ['other-class', 1, 0]] as const) {
        const { own, held, mean } = mixOf(configOf({ objective: { lambda, negatives }, evaluate: { correction: true }, train: { batch: 8, microBatches } }), 0, 0.3)
        expect(own * minimum(1.3, -0.4, lambda, itself) + mean * -0.4, `${negatives} in ${microBatches}`).toBeCloseTo(1.3, 10)
        expect(held).toBe(0)
      }
    }
  })

  test('with guidance: of each velocity what was pushed away from it', () => {
    for (const nullSkip of [false, true]) {
      const [c, u, other, lambda, w] = [1.3, 0.2, -0.4, 0.5, 3]
      const { own, held, mean } = mixOf(configOf({ objective: { lambda, nullSkip }, evaluate: { correction: true, guidance: w } }), 0, 0.3)
      const [pushed, unlabelled] = [minimum(c, other, lambda), nullSkip ? u : minimum(u, other, lambda)]
      expect(own * unlabelled + held * pushed + mean * other).toBeCloseTo(u + w * (c - u), 10)
    }
  })

  test('nothing where flow matching trained, or nobody asked', () => {
    expect(isPlain(mixOf(configOf({ evaluate: { correction: true } }), 1, 0.3))).toBe(true)
    expect(isPlain(mixOf(configOf(), 0, 0.3))).toBe(true)
  })

  test('its minimum in closed form is where the gradient of its loss vanishes, at every point and level', () => {
    const data = { train: Float32Array.of(1.3, -0.2, 0.7, 0.9, -0.5, 0.1), trainLabels: Uint8Array.of(0, 1, 1) }
    const [lambda, B, labels, v] = [0.4, 4, [1, 0], Float32Array.of(0.6, -1.1, 0.25, 2)]
    // A negative has a level of its own: its target is α′ there times its image, for noise has mean 0. Over even levels α′ comes to α(1) − α(0).
    const drawn = drawTimes(timeSamplerOf({ times: 'low-noise', timeMean: 0, timeScale: 1 }), 1, 0, 2 ** 18)
    const lowSlope = drawn.reduce((sum, t) => sum - (Math.PI / 2) * Math.sin((Math.PI / 2) * t), 0) / drawn.length
    for (const [negatives, itself, among] of [['any', 0, [[0, 1, 2], [0, 1, 2]]], ['permutation', 1 / B, [[0, 1, 2], [0, 1, 2]]], ['other-class', 0, [[0], [1, 2]]]] as const) {
      for (const [times, slope, digits] of [['uniform', -1, 6], ['low-noise', lowSlope, 2]] as const) {
        const config = parseConfig({ net: { classes: 2 }, objective: { lambda, negatives, path: 'cosine' }, train: { batch: B }, replicas: [{ method: 'contrastive-fm', times }] })
        const least = pushedFrom(config, 0, data, labels)!(v)
        labels.forEach((_, i) => [0, 1].forEach(k => {
          // Where the target is the sample's own its mean at this point is v.
          const target = slope * among[i].reduce<number>((sum, j) => sum + data.train[2 * j + k], 0) / among[i].length
          const [own, here] = [v[2 * i + k], least[2 * i + k]]
          const gradient = 2 * (here - own) - 2 * lambda * (here - (itself * own + (1 - itself) * target))
          expect(gradient, `${negatives}, ${times}, sample ${i}`).toBeCloseTo(0, digits)
        }))
      }
    }
    expect(pushedFrom(configOf(), 1, data, [0]), 'of flow matching').toBeNull()
  })

  test('T̂ is minus the mean of the images that a replica trains on, or of those of other classes; nothing where the path keeps the image', () => {
    const data = { train: Float32Array.of(1, 2, 3, 4, 5, 60, 7, 80), trainLabels: Uint8Array.of(0, 1, 0, 2) }
    const of = (input: ConfigInput) => [...meanTargets(configOf(input), 0, data, [0, 2])]
    expect(of({})).toEqual([-4, -36.5, -4, -36.5])
    expect(of({ train: { images: 3, batch: 2 } })).toEqual([-3, -22, -3, -22])
    expect(of({ objective: { negatives: 'other-class' } })).toEqual([-5, -42, -3, -22])
    expect(of({ objective: { path: 've' } }).map(Math.abs)).toEqual([0, 0, 0, 0])
  })
})

test('passes: one for the velocity with labels or that without, two where both are mixed', () => {
  const passes = (evaluate: ConfigInput['evaluate']) => passesOf(configOf({ evaluate }))
  expect([passes({}), passes({ guidance: 0 }), passes({ guidance: 3 }), passes({ guidance: 3, guidanceFrom: 0.25, guidanceTo: 0.5 })]).toEqual([1, 1, 2, 1.25])
})
