/** Facts about Local Contrastive Flow that hold whatever the net: signs, limits, who receives a gradient and who does not. */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { parameterLayout } from '../../src/model/parameters.ts'
import { differingBits, nonZero, relative } from '../support/compare.ts'
import { withTraining } from '../support/given_training.ts'
import { B, batchWith, blindWeights, configOf, gradientOf, LAYER, lcfStep, LOW, net, randomWeights, rowsOf } from '../support/lcf_step.ts'

const layout = parameterLayout(net)

describe('the value', () => {
  test.each(['algorithm1', 'infonce'] as const)('of %s is never negative', async variant => {
    for (const tau of [0.02, 0.5, 50]) {
      for (const normalise of [true, false]) {
        const rows = await rowsOf({ variant, tau, normalise })
        expect(rows.length).toBe(LOW)
        for (const value of rows) expect(value).toBeGreaterThanOrEqual(0)
      }
    }
  })

  test('of equation 14 is: it rewards distance without bound', async () => {
    const rows = await rowsOf({ variant: 'equation14', tau: 0.02, normalise: false }, { batch: { ...batchWith(LOW), t: Float32Array.from(batchWith(LOW).t, t => (t < 0.25 ? 0.249 : t)) } })
    expect(Math.max(...rows)).toBeLessThan(-10)
  })

  test('at full collapse is log B for Algorithm 1 and InfoNCE and log (B − 1) for equation 14, with no gradient', async () => {
    const weights = blindWeights()
    for (const [variant, value] of [['algorithm1', Math.log(B)], ['equation14', Math.log(B - 1)], ['infonce', Math.log(B)]] as const) {
      for (const row of await rowsOf({ variant, detach: false }, { weights })) expect(row).toBeCloseTo(value, 5)
      expect(differingBits(await gradientOf({ variant, detach: false, lambda: 10 }, { weights }), await gradientOf({ variant, detach: false, lambda: 0 }, { weights }))).toBe(0)
    }
  })
})

describe('without anchors', () => {
  test('T_min = 0 is flow matching bit for bit, with or without λ, and so are all four designs', async () => {
    const flow = await gradientOf({}, { methods: ['fm'] })
    expect(nonZero(flow)).toBeGreaterThan(layout.count / 2)
    for (const detach of [true, false]) {
      for (const lambda of [0, 0.5]) {
        for (const method of ['lcf', 'fm-truncated', 'fm-contrast']) expect(differingBits(await gradientOf({ tMin: 0, lambda, detach }, { methods: [method] }), flow), `${method} λ ${lambda}`).toBe(0)
        const methods = ['lcf', 'fm', 'fm-contrast', 'fm-truncated']
        await lcfStep({ tMin: 0, lambda, detach }, async training => {
          for (let r = 0; r < methods.length; r++) expect(differingBits(await training.flatGradients(r), flow), methods[r]).toBe(0)
        }, { methods })
      }
    }
  })

  test('nothing below T_min: contrastive loss 0, no NaN, counted, and the gradient of flow matching', async () => {
    const config = parseConfig({ ...configOf({ tMin: 1e-7 }, ['lcf', 'fm-contrast', 'fm']), data: { count: 16 } })
    await withTraining(config, { given: false, images: 16 }, async training => {
      training.buffers.write(training.training.data, batchWith(0).x0.map(v => v))
      for (let r = 0; r < 3; r++) training.weigh(randomWeights, r)
      for (let i = 0; i < 3; i++) training.run()
      for (let r = 0; r < 2; r++) {
        expect(await training.state(r)).toMatchObject({ step: 3, empty: 3, anchors: 0, low: 0, skipped: 0 })
        expect(await training.metrics(2, r)).toMatchObject({ contrastive: 0, anchors: 0, positive: 0, negative: 0, empty: 3 })
        expect(differingBits(await training.weights(r), await training.weights(2))).toBe(0)
      }
      expect((await training.state(2)).empty).toBe(0)
      expect((await training.weights(2)).every(Number.isFinite)).toBe(true)
    })
  })

  test('everything below T_min: the flow term is 0 and the head has no gradient', async () => {
    await lcfStep({}, async training => {
      expect(nonZero(await training.read(training.find('d velocity')))).toBe(0)
      const gradients = await training.gradients()
      expect(nonZero(gradients['final_layer.linear.weight'].data)).toBe(0)
      expect(nonZero(gradients['x_embedder.proj.weight'].data)).toBeGreaterThan(0)
    }, { batch: batchWith(B) })
  })
})

test.each([true, false])('an image that no net can bear skips the steps that see it and no others (detach %s)', async detach => {
  const [many, few] = [0.9, 0.05].map(tMin => parseConfig({ ...configOf({ detach, tMin }, ['lcf', 'fm']), data: { count: 16 } }))
  await withTraining(many, { given: false, images: 16 }, async training => {
    const { data, batch } = training.training
    const images = batchWith(0).x0.map(v => v)
    training.buffers.write(data, images)
    training.buffers.write(data, images, images.length)
    training.buffers.write(data, new Float32Array(batch.dimensions).fill(3e38)) // the first
    for (let r = 0; r < 2; r++) training.weigh(randomWeights, r)
    const skipped = [0, 0]
    for (let step = 0; step < 24; step++) {
      training.turn(step % 3 === 0 ? many : few) // what many anchors left is not overwritten by few
      training.run()
      const rows = await training.readWords(batch.row)
      for (let r = 0; r < 2; r++) {
        skipped[r] += Number(rows.subarray(r * batch.capacity, r * batch.capacity + B).includes(0))
        expect((await training.state(r)).skipped, `replica ${r}, step ${step}`).toBe(skipped[r])
      }
    }
    expect(skipped[0]).toBeGreaterThan(2)
    expect(skipped[0]).toBeLessThan(22)
  })
})

describe('the flow term', () => {
  test('has no gradient below T_min in LCF and FM at t ≥ T_min, and has one there in the other two designs', async () => {
    const methods = ['lcf', 'fm-truncated', 'fm', 'fm-contrast']
    await lcfStep({}, async training => {
      const d = training.training.batch.dimensions
      const gradient = await training.read(training.find('d velocity'))
      methods.forEach((method, r) => {
        const low = gradient.subarray(r * B * d, (r * B + LOW) * d)
        expect(nonZero(low) === 0, method).toBe(r < 2)
        expect(nonZero(gradient.subarray((r * B + LOW) * d, (r + 1) * B * d)), method).toBe((B - LOW) * d)
      })
      const losses = await training.read(training.training.loss)
      // The loss itself is measured for every sample: the page shows what is no longer optimised. (FM keeps the order given.)
      expect(Array.from(losses).every(v => v > 0)).toBe(true)
    }, { methods })
  })
})

describe('the contrastive term', () => {
  test.each([1, 2, 3])('at layer %i leaves every block above and the head exactly alone', async layer => {
    const [without, withTerm] = await Promise.all([0, 2].map(lambda => lcfStep({ layer, lambda }, training => training.gradients())))
    for (const [name, { data }] of Object.entries(withTerm)) {
      const block = /^blocks\.(\d+)\./.exec(name)
      const above = name.startsWith('final_layer') || (block !== null && Number(block[1]) >= layer)
      const differing = differingBits(data, without[name].data)
      if (above) expect(differing, name).toBe(0)
      else expect(differing, name).toBeGreaterThan(0)
    }
  })

  test.each([true, false])('reaches only the low-noise features when detached, all features and the anchors when not (detach %s)', async detach => {
    for (const normalise of [true, false]) {
      await lcfStep({ detach, normalise }, async training => {
        const gradient = await training.read(training.find(normalise ? 'd features' : 'd compared'))
        const rows = (from: number, to: number) => nonZero(gradient.subarray(from * net.width, to * net.width))
        expect(rows(0, LOW)).toBe(LOW * net.width)
        expect(rows(LOW, B) > 0).toBe(!detach)
        expect(rows(B, B + LOW) > 0).toBe(!detach)
        expect(rows(B + LOW, 2 * B)).toBe(0)
      })
    }
  })

  test('has another gradient when it is not detached', async () => {
    expect(relative(await gradientOf({ detach: false }), await gradientOf({ detach: true }))).toBeGreaterThan(1e-3)
  })

  test('adds to flow matching at all levels what it adds to flow matching above T_min', async () => {
    const of = (method: string) => gradientOf({ lambda: 2 }, { methods: [method] })
    const [flow, both, lcf, truncated] = await Promise.all(['fm', 'fm-contrast', 'lcf', 'fm-truncated'].map(of))
    const term = lcf.map((v, i) => v - truncated[i])
    expect(relative(both, flow.map((v, i) => v + term[i]))).toBeLessThan(1e-5)
    expect(relative(both, flow)).toBeGreaterThan(1e-2)
    expect(relative(truncated, flow)).toBeGreaterThan(1e-2)
  })

  test('comes in at λ starts at step, and grows along the ramp', async () => {
    const config = parseConfig({ ...configOf({ lambdaStart: 2, lambdaRamp: 4, tMin: 0.9, lambda: 0.5, layer: LAYER }), data: { count: 16 } })
    await withTraining(config, { given: false, images: 16 }, async training => {
      training.weigh(randomWeights)
      for (let i = 0; i < 8; i++) training.run()
      const metrics = await Promise.all(Array.from({ length: 8 }, (_, i) => training.metrics(i)))
      expect(metrics.map(row => row.lambda)).toEqual([0, 0, 0, 0.125, 0.25, 0.375, 0.5, 0.5])
      expect(metrics.map(row => row.anchors > 0)).toEqual([false, false, false, true, true, true, true, true])
      expect(metrics.every(row => row.low > 0 && row.empty === 0)).toBe(true)
    })
  })
})

test('four designs in one recording have the bits of each alone', async () => {
  const methods = ['fm-contrast', 'lcf', 'fm', 'fm-truncated']
  const together = await lcfStep({}, training => Promise.all(methods.map((_, r) => training.flatGradients(r))), { methods })
  for (let r = 0; r < methods.length; r++) {
    expect(differingBits(await gradientOf({}, { methods: [methods[r]] }), together[r]), methods[r]).toBe(0)
    for (let other = 0; other < r; other++) expect(relative(together[r], together[other]), `${methods[r]} and ${methods[other]}`).toBeGreaterThan(1e-3)
  }
})
