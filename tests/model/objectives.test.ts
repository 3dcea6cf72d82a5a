/** Objectives besides flow matching and LCF: against PyTorch, against their closed forms, and λ = 0 as flow matching bit for bit. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ConfigError, type ObjectiveConfig, parseConfig } from '../../src/config.ts'
import { bestField, mixed } from '../../src/diagnostics/best_field.ts'
import { empiricalVelocity } from '../../src/flow/empirical.ts'
import { meanOf } from '../../src/flow/estimate.ts'
import { LINEAR } from '../../src/flow/place.ts'
import { checkConfig, generateData } from '../../src/lab/data.ts'
import type { SampleGrid } from '../../src/protocol.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { Random } from '../../src/reference/random.ts'
import { loadConfig, loadTensors } from '../fixtures/load.ts'
import { differingBits, digest, nonZero, norm, relative } from '../support/compare.ts'
import { fixtureStep } from '../support/fixture_step.ts'
import { withTraining } from '../support/given_training.ts'
import { B, batchWith, blindWeights, configOf, gradientOf, lcfStep, randomWeights, T_MIN } from '../support/lcf_step.ts'
import { twinParameters } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { cases, negative } = JSON.parse(readFileSync(new URL('../fixtures/objectives/config.json', import.meta.url), 'utf8')) as { cases: Record<string, Partial<ObjectiveConfig>>; negative: number[] }
const expected = loadTensors('objectives', 'outputs')
const { parameters } = loadConfig('lcf')
const { create } = sessions()

describe.each(Object.entries(cases))('%s against PyTorch', (name, changes) => {
  const of = (key: string) => expected[`${name}/${key}`].data

  test('velocity, losses, and the gradient of every parameter', async () => {
    const result = await fixtureStep('lcf', changes, { negative })
    expect(relative(result.velocity, of('velocity'))).toBeLessThan(2e-6)
    expect(Math.abs(result.lossFlow / of('loss_fm')[0] - 1), 'flow loss').toBeLessThan(5e-6)
    if (of('loss_second')[0] !== 0) expect(Math.abs(result.lossContrastive / of('loss_second')[0] - 1), 'second term').toBeLessThan(2e-5)
    expect(Math.abs(result.loss / of('loss')[0] - 1), 'loss').toBeLessThan(2e-5)
    parameters.map(key => result.gradients[key].data).forEach((values, row) => {
      const [length, dot] = digest(values)
      const [expectedLength, expectedDot] = [of('digest')[2 * row], of('digest')[2 * row + 1]]
      expect(Math.abs(length - expectedLength) / expectedLength, `norm of ${parameters[row]}`).toBeLessThan(5e-5)
      expect(Math.abs(dot - expectedDot) / expectedLength, `dot product of ${parameters[row]}`).toBeLessThan(5e-5)
    })
  })
})

test('the cases differ from each other: no switch is dead', () => {
  const dots = Object.keys(cases).map(name => Array.from(expected[`${name}/digest`].data).join())
  expect(new Set(dots).size).toBe(dots.length)
})

describe('λ = 0', () => {
  test.each(['contrastive-fm', 'dispersive', 'fm-contrast'])('%s is flow matching bit for bit, alone and beside others', async method => {
    const flow = await gradientOf({}, { methods: ['fm'] })
    expect(differingBits(await gradientOf({ lambda: 0 }, { methods: [method] }), flow)).toBe(0)
    expect(relative(await gradientOf({ lambda: 0.5 }, { methods: [method] }), flow)).toBeGreaterThan(1e-3)
    await lcfStep({ lambda: 0, tMin: 0 }, async training => {
      for (let r = 0; r < 4; r++) expect(differingBits(await training.flatGradients(r), flow), `replica ${r}`).toBe(0)
    }, { methods: [method, 'lcf', 'fm', method] })
  })

  test.each([false, true])('so it is after steps on batches that the GPU draws, until λ is turned up (stratified %s)', async stratified => {
    const drawn = (lambda: number) => parseConfig({ ...configOf({ lambda, stratified }, ['fm', 'contrastive-fm', 'dispersive', 'fm-contrast']), data: { count: 16 } })
    await withTraining(drawn(0), { given: false, images: 16 }, async training => {
      training.buffers.write(training.training.data, Float32Array.from(new Random(5).normals(16 * 64)))
      const { replicas } = training.config
      replicas.forEach((_, r) => training.weigh(randomWeights, r))
      const differing = () => Promise.all(replicas.map(async (_, r) => differingBits(await training.weights(r), await training.weights(0))))
      let low = 0
      for (let i = 0; i < 6; i++) {
        training.run()
        low += (await training.read(training.training.batch.t)).subarray(0, B).filter(t => t < T_MIN).length
      }
      expect(low).toBeGreaterThan(0)
      expect(await differing()).toEqual([0, 0, 0, 0])
      training.turn(drawn(0.5))
      for (let i = 0; i < 6; i++) training.run()
      expect((await differing()).map(count => count > 0)).toEqual([false, true, true, true])
      expect((await Promise.all([6, 7, 8, 9, 10, 11].map(step => training.metrics(step, 3)))).some(({ anchors }) => anchors > 0)).toBe(true)
    })
  })
})

test('objectives in one recording have the bits of each alone', async () => {
  const methods = ['dispersive', 'lcf', 'contrastive-fm', 'fm', 'fm-contrast']
  const together = await lcfStep({}, training => Promise.all(methods.map((_, r) => training.flatGradients(r))), { methods })
  for (let r = 0; r < methods.length; r++) expect(differingBits(await gradientOf({}, { methods: [methods[r]] }), together[r]), methods[r]).toBe(0)
})

describe('dispersive loss', () => {
  const valueOf = (changes: Partial<ObjectiveConfig>, weights = randomWeights) => lcfStep(changes, async training => (await training.read(training.training.contrastiveRows))[0], { methods: ['dispersive'], weights })

  test('is log 1/B for features far apart and 0 for equal ones, without gradient, and never leaves that range', async () => {
    expect(await valueOf({ tau: 0.01, distance: 'raw', normalise: false })).toBeCloseTo(-Math.log(B), 5)
    const weights = blindWeights()
    for (const tau of [0.01, 0.5]) {
      for (const normalise of [true, false]) {
        expect(await valueOf({ tau, normalise }, weights)).toBeCloseTo(0, 6)
        const [without, withTerm] = await Promise.all([0, 10].map(lambda => gradientOf({ lambda, tau, normalise }, { methods: ['dispersive'], weights })))
        expect(differingBits(withTerm, without)).toBe(0)
      }
    }
    for (const tau of [0.02, 0.5, 50]) {
      const value = await valueOf({ tau, normalise: false })
      expect(value).toBeLessThanOrEqual(0)
      expect(value).toBeGreaterThanOrEqual(-Math.log(B) - 1e-5)
    }
  })

  test('reaches the features of every sample, whatever its noise level, and no block above its own', async () => {
    await lcfStep({ normalise: false }, async training => {
      const gradient = await training.read(training.find('d compared'))
      const width = training.config.net.width
      for (let i = 0; i < B; i++) expect(nonZero(gradient.subarray(i * width, (i + 1) * width))).toBe(width)
    }, { methods: ['dispersive'] })
    const [without, withTerm] = await Promise.all([0, 2].map(lambda => lcfStep({ lambda }, training => training.gradients(), { methods: ['dispersive'] })))
    expect(differingBits(withTerm['blocks.2.mlp.fc1.weight'].data, without['blocks.2.mlp.fc1.weight'].data)).toBe(0)
    expect(differingBits(withTerm['blocks.1.mlp.fc1.weight'].data, without['blocks.1.mlp.fc1.weight'].data)).toBeGreaterThan(0)
  })

  test('falls along its own gradient by as much as its length says', async () => {
    const settings = { normalise: false, tau: 8 }
    const before = await gradientOf({ ...settings, lambda: 0 }, { methods: ['dispersive'] })
    const both = await gradientOf({ ...settings, lambda: 1 }, { methods: ['dispersive'] })
    const term = both.map((value, i) => value - before[i])
    const step = 1e-3 / norm(term)
    const [value, moved] = [await valueOf(settings), await valueOf(settings, randomWeights.map((weight, i) => weight - step * term[i]))]
    expect((value - moved) / (step * norm(term) ** 2)).toBeCloseTo(1, 1)
  })
})

describe('contrastive flow matching', () => {
  test('is flow matching towards (v*_i − λ v*_j)/(1 − λ), times 1 − λ', async () => {
    const lambda = 0.25
    const batch = batchWith(0)
    const gradient = await gradientOf({ lambda }, { methods: ['contrastive-fm'], batch })
    // Another image and noise with the same x_t and that target.
    const d = batch.x0.length / B
    const goal = Float64Array.from(batch.x0, (x, k) => batch.eps[k] - x)
    const affine = goal.map((own, k) => (own - lambda * goal[((Math.floor(k / d) + 1) % B) * d + (k % d)]) / (1 - lambda))
    const t = (k: number) => batch.t[Math.floor(k / d)]
    const input = goal.map((_, k) => (1 - t(k)) * batch.x0[k] + t(k) * batch.eps[k])
    const moved = { ...batch, x0: Float32Array.from(affine, (u, k) => input[k] - t(k) * u), eps: Float32Array.from(affine, (u, k) => input[k] + (1 - t(k)) * u) }
    const flow = await gradientOf({}, { methods: ['fm'], batch: moved })
    expect(relative(gradient, flow.map(value => (1 - lambda) * value))).toBeLessThan(2e-5)
  })

  test('has its minimum at 1.389474 where targets are 1.3 on average, those of others −.4, and λ = .05', async () => {
    // All are pushed from the last one.
    const targets = Array.from({ length: B }, (_, i) => (i === B - 1 ? -0.4 : (1.3 * B + 0.4) / (B - 1)))
    const { x0, ...batch } = batchWith(0)
    const given = { ...batch, x0, eps: x0.map((x, k) => x + targets[Math.floor((k * B) / x0.length)]), negative: targets.map(() => B - 1) }
    const lengthAt = async (v: number, lambda = 0.05) => norm(await gradientOf({ lambda }, { methods: ['contrastive-fm'], batch: given, weights: blindWeights(v) }))
    const beside = await lengthAt(1.389474 + 0.01)
    expect(await lengthAt(1.389474 - 0.01) / beside).toBeCloseTo(1, 2)
    expect(await lengthAt(1.389474) / beside).toBeLessThan(1e-3)
    expect(await lengthAt(1.3, 0) / beside).toBeLessThan(1e-3)
    expect(await lengthAt(1.3) / beside).toBeGreaterThan(5)
  })

  test('learns (v + λ E[x0])/(1 − λ) where the best velocity v is known, and corrected samples have the mean and spread of flow matching’s', async () => {
    const [lambda, n] = [0.5, 256]
    const session = await create(tinyConfig({
      net: { channels: 2, size: 1, patch: 1, heads: 1, attention: false }, data: { dataset: 'two-classes', count: 4096, heldOut: n }, objective: { lambda },
      train: { batch: 128, steps: 400, learningRate: 0.01, schedule: 'cosine', emaDecay: 0.98 }, evaluate: { samples: 64, solver: 'heun', solverSteps: 20 }, replicas: [{ method: 'fm' }, { method: 'contrastive-fm' }],
    }))
    await session.advance(400)
    const data = await generateData(session.currentConfig)
    const { field } = bestField({ data }, 2, LINEAR)
    const { net } = session.currentConfig
    const weights = (await session.snapshot()).replicas.map(({ ema }) => twinParameters(net, ema))
    const pushed = [0, 1].map(c => (lambda * meanOf(data.train.filter((_, i) => i % 2 === c)).value) / (1 - lambda))
    /** Of the least-squares line through (a_i, b_i). */
    const slope = (a: Float64Array, b: Float64Array) => {
      const middle = meanOf(a).value
      return a.reduce((sum, v, i) => sum + (v - middle) * b[i], 0) / a.reduce((sum, v) => sum + (v - middle) ** 2, 0)
    }
    const off = (a: ArrayLike<number>, b: ArrayLike<number>) => norm(Array.from(a, (v, i) => v - b[i])) / Math.sqrt(a.length)
    for (const t of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const x = mixed(data.heldOut, Float32Array.from(new Random(3).normals(2 * n)), LINEAR, t)
      const best = field(x, t)
      const [flow, delta] = weights.map(parameters => ditForward(net, parameters, Float64Array.from(x), new Float64Array(n).fill(t), null).velocity!)
      expect(off(flow, best), `flow matching, t = ${t}`).toBeLessThan(0.15) // .02 to .07 seen
      expect(off(delta, best.map((v, i) => v / (1 - lambda) + pushed[i % 2])), `ΔFM, t = ${t}`).toBeLessThan(0.35) // .07 to .19 seen, and .81 to 1.01 from v
      expect(off(delta, best), `ΔFM and v, t = ${t}`).toBeGreaterThan(0.7)
      for (const c of [0, 1]) {
        const [of, by] = [delta, best].map(values => Float64Array.from({ length: n }, (_, i) => values[2 * i + c]))
        expect(Math.abs((1 - lambda) * slope(by, of) - 1), `slope, t = ${t}`).toBeLessThan(0.12) // .05 seen
      }
    }
    const moments = ({ images }: SampleGrid) => images.map(values => [0, 1].map(c => {
      const { value, standardError, count } = meanOf(values.filter((_, i) => i % 2 === c))
      return { mean: value, spread: standardError * Math.sqrt(count) }
    }))
    const [, plain] = moments(await session.sample())
    session.patch({ replica: 'all', section: 'evaluate', field: 'correction', value: true })
    const [flow, corrected] = moments(await session.sample())
    for (const c of [0, 1]) {
      expect(plain[c].spread / flow[c].spread).toBeLessThan(0.2) // .03 and .06 seen
      expect(corrected[c].spread / flow[c].spread).toBeGreaterThan(0.7) // 1.24 and 1.13 seen
      expect(corrected[c].spread / flow[c].spread).toBeLessThan(1.5)
      expect(Math.abs(corrected[c].mean - flow[c].mean)).toBeLessThan(0.03) // .007 seen, and spreads of .05 and .07
    }
  }, 60_000)

  test('reports −‖v − v*_j‖² beside the flow loss, over the whole batch, with λ as it is ramped', async () => {
    const config = parseConfig({ ...configOf({ lambda: 0.5, lambdaRamp: 4 }, ['contrastive-fm', 'fm']), data: { count: 16 } })
    await withTraining(config, { given: false, images: 16 }, async training => {
      for (const r of [0, 1]) training.weigh(randomWeights, r)
      for (let i = 0; i < 6; i++) training.run()
      expect((await Promise.all([0, 2, 5].map(step => training.metrics(step)))).map(row => row.lambda)).toEqual([0, 0.25, 0.5])
      const row = await training.metrics(5)
      expect(row.anchors).toBe(B)
      expect(row.contrastive).toBeLessThan(0)
      expect(await training.metrics(5, 1)).toMatchObject({ anchors: 0, contrastive: 0 })
    })
  })

  test('never draws the image itself, and draws every other', async () => {
    const config = parseConfig({ ...configOf({ lambda: 0.5 }, ['contrastive-fm']), data: { count: 16 } })
    await withTraining(config, { given: false, images: 16 }, async training => {
      const seen = new Set<number>()
      for (let i = 0; i < 60; i++) {
        training.run()
        const drawn = await training.readWords(training.training.negative!)
        for (let j = 0; j < B; j++) {
          expect(drawn[j]).not.toBe(j)
          seen.add(j * B + drawn[j])
        }
      }
      expect(seen.size).toBe(B * (B - 1))
    })
  })

  test('refuses λ from 1 on, negatives of other classes without classes, and a batch of one; live as at the start', async () => {
    const config = (changes: Partial<ObjectiveConfig>, batch = 8) => tinyConfig({ objective: changes, train: { batch }, replicas: [{ method: 'fm' }, { method: 'contrastive-fm' }] })
    expect(() => checkConfig(config({ lambda: 1 }))).toThrow(/replicas\.1: Contrastive FM.*λ = 1 leaves the loss without a minimum; take at most 0\.99/)
    expect(() => checkConfig(config({ negatives: 'other-class' }))).toThrow(/net\.classes/)
    expect(() => checkConfig(config({}, 1))).toThrow(/at least 2/)
    checkConfig(config({ lambda: 0.99 }))
    const session = await create(config({ lambda: 0.1 }))
    expect(() => session.patch({ replica: 1, section: 'objective', field: 'lambda', value: 1.5 })).toThrow(ConfigError)
    expect(session.currentConfig.replicas[1].lambda).toBeUndefined()
    session.patch({ replica: 1, section: 'objective', field: 'lambda', value: 0.5 })
  })
})

describe('explicit flow matching', () => {
  const images = new Random(5).normals(16 * 64)

  /** Gradients of the sixth step of every replica, and its targets. */
  async function sixth(changes: Partial<ObjectiveConfig>, methods: string[]) {
    const config = parseConfig({ ...configOf(changes, methods), data: { count: 16 } })
    return withTraining(config, { given: false, images: 16 }, async training => {
      const { data, batch } = training.training
      training.buffers.write(data, Float32Array.from(images))
      methods.forEach((_, r) => training.weigh(randomWeights, r))
      for (let i = 0; i < 6; i++) training.run()
      const [t, xt, goal] = [await training.read(batch.t), await training.read(batch.xt), await training.read(batch.goal)]
      return { gradients: await Promise.all(methods.map((_, r) => training.flatGradients(r))), t, xt, goal }
    })
  }

  test('with its own image alone is flow matching bit for bit, and with more of them is not', async () => {
    const alone = await sixth({ candidates: 1 }, ['exfm', 'fm'])
    expect(differingBits(alone.gradients[0], alone.gradients[1])).toBe(0)
    const among = await sixth({ candidates: 1024 }, ['exfm', 'fm'])
    expect(differingBits(among.gradients[1], alone.gradients[1])).toBe(0)
    expect(relative(among.gradients[0], among.gradients[1])).toBeGreaterThan(1e-2)
  })

  test('over all images has the velocity of the closed form as its target', async () => {
    const { t, xt, goal } = await sixth({ candidates: 1024 }, ['exfm'])
    const expected = new Float64Array(64)
    for (let b = 0; b < B; b++) {
      empiricalVelocity({ points: Float64Array.from(Float32Array.from(images)), dimensions: 64 }, xt.subarray(64 * b, 64 * (b + 1)), t[b], expected)
      expect(relative(goal.subarray(64 * b, 64 * (b + 1)), expected), `t = ${t[b]}`).toBeLessThan(1e-3)
    }
  })

  test('over all images is the target of flow matching bit for bit where t is small, and goes to x_t less their mean as t goes to 1', async () => {
    const levels = [1e-3, 1e-3, 1e-3, 1e-3, 0.99, 0.999, 0.9999, 1]
    const batch = { ...batchWith(0), t: Float32Array.from(levels) }
    const config = configOf({ candidates: 1024 }, ['exfm', 'fm'])
    config.train.images = B
    await withTraining(config, { gradientsOnly: true }, async training => {
      for (const r of [0, 1]) training.give(batch, r)
      training.run()
      const [goal, own, xt] = [await training.part(training.training.batch.goal, 64 * B), await training.part(training.training.batch.goal, 64 * B, 1), await training.read(training.training.batch.xt)]
      expect(differingBits(goal.subarray(0, 4 * 64), own.subarray(0, 4 * 64))).toBe(0)
      const off = [4, 5, 6, 7].map(b => relative(goal.subarray(64 * b, 64 * (b + 1)), Float64Array.from({ length: 64 }, (_, k) => xt[64 * b + k] - Array.from({ length: B }, (_unused, i) => batch.x0[64 * i + k] / B).reduce((sum, x) => sum + x))))
      off.forEach((value, i) => expect(value, `t = ${levels[4 + i]}`).toBeLessThan(4 * (1 - levels[4 + i]) + 1e-6)) // at most half of it seen
      expect(relative(own.subarray(7 * 64), goal.subarray(7 * 64))).toBeGreaterThan(0.3)
    })
  })

  test('is refused for a net that is told classes', () => {
    expect(() => checkConfig(tinyConfig({ net: { classes: 10 }, replicas: [{ method: 'exfm' }] }))).toThrow(/images of other classes; take net\.classes = 0/)
  })
})
