/** Training as a whole: PyTorch's ten steps, learning something, and surviving what is not a number. */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { generateData } from '../../src/lab/data.ts'
import { fromNamed, initialParameters, toNamed } from '../../src/model/parameters.ts'
import { loadConfig, loadTensors } from '../fixtures/load.ts'
import { relative } from '../support/compare.ts'
import { fixtureWeights } from '../support/fixture_step.ts'
import { withTraining } from '../support/given_training.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const finite = (values: Float32Array) => values.every(Number.isFinite)

test('ten steps on given batches have the losses, norms, weights and running means of PyTorch', async () => {
  const fixture = loadConfig('curve')
  const batches = loadTensors('curve', 'batch')
  const expected = loadTensors('curve', 'outputs')
  const [steps, batch] = batches.t.shape
  const config = parseConfig({ net: fixture.net, objective: fixture.objective, train: { ...fixture.train, batch }, replicas: [{}] })
  await withTraining(config, {}, async training => {
    const { layout, optimizer } = training.training
    training.weigh(fromNamed(layout, fixtureWeights('curve')))
    for (let step = 0; step < steps; step++) {
      const at = (name: string) => Float32Array.from(batches[name].data.slice((step * batches[name].data.length) / steps, ((step + 1) * batches[name].data.length) / steps))
      training.give({ x0: at('x0'), eps: at('eps'), t: at('t') })
      training.run()
    }
    const rows = await Promise.all(Array.from({ length: steps }, (_, step) => training.metrics(step)))
    const column = (name: 'flow' | 'gradientNorm' | 'rate') => rows.map(row => row[name])
    expect(relative(column('flow'), expected.loss.data)).toBeLessThan(1e-6)
    expect(relative(column('gradientNorm'), expected.grad_norm.data)).toBeLessThan(1e-5)
    expect(relative(column('rate'), expected.learning_rate.data)).toBeLessThan(1e-6)
    const { clip } = config.train
    expect(column('gradientNorm').some(v => v > clip) && column('gradientNorm').some(v => v < clip)).toBe(true)

    const start = toNamed(layout, fromNamed(layout, fixtureWeights('curve')))
    for (const [prefix, values] of [['final', await training.weights()], ['ema', await training.part(optimizer.ema.tensor, layout.length)]] as const) {
      for (const [name, { data }] of Object.entries(toNamed(layout, values))) {
        const target = expected[`${prefix}/${name}`].data
        // Softmax does not see the bias of the keys: its gradient is rounding, which Adam scales up to full steps.
        const seen = (_: number, i: number) => !name.endsWith('qkv.bias') || i < data.length / 3 || i >= (2 * data.length) / 3
        // Against the way travelled, not the weights: a wrong step would hide behind large weights.
        const travelled = (weights: ArrayLike<number>) => Array.from(weights, (v, i) => v - start[name].data[i]).filter(seen)
        expect(relative(travelled(data), travelled(target)), `${prefix}/${name}`).toBeLessThan(2e-3)
      }
    }
    expect(await training.state()).toMatchObject({ step: steps, updates: steps, skipped: 0 })
  })
})

test('eight images are learnt by heart', async () => {
  const config = tinyConfig({
    net: { patch: 4, width: 32, blocks: 1 }, data: { count: 32, heldOut: 16 }, train: { batch: 16, steps: 400, warmup: 10, learningRate: 0.005 }, replicas: [{ method: 'fm' }],
  })
  const data = await generateData(config)
  const eight = { ...data, train: data.train.map((_, i) => data.train[i % (8 * 64)]) }
  await withTrainer(config, async trainer => {
    trainer.submitSteps(400, false)
    const rows = (await trainer.metrics(0, 400)).map(([row]) => row.flow)
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length
    const [first, last] = [mean(rows.slice(0, 3)), mean(rows.slice(-40))]
    expect(first).toBeGreaterThan(1)
    expect(last).toBeLessThan(0.4)
  }, { data: eight })
})

describe('a gradient that is not finite', () => {
  test('is skipped and counted, and the next good batch trains on', async () => {
    const config = tinyConfig({ data: { count: 16, heldOut: 16 }, train: { batch: 4, steps: 40 } })
    const data = await generateData(config)
    data.train[5 * 64 + 3] = Number.NaN
    await withTrainer(config, async trainer => {
      trainer.submitSteps(40, false)
      const rows = await trainer.metrics(0, 40)
      const states = await trainer.replicaStates()
      for (const [r, state] of states.entries()) {
        const bad = rows.map(row => row[r]).filter(row => !Number.isFinite(row.gradientNorm))
        expect(bad.length).toBeGreaterThan(0)
        expect(bad.length).toBeLessThan(40)
        expect(rows[39][r].skipped).toBe(bad.length)
        for (const values of [state.parameters, state.first, state.second, state.ema]) expect(finite(values)).toBe(true)
        expect(relative(state.parameters, initialParameters(trainer.recorded.training.layout, 0))).toBeGreaterThan(1e-2)
      }
    }, { data })
  })

  test('in one replica leaves the other alone, and a skipped step changes nothing but the counters', async () => {
    const config = tinyConfig({ replicas: [{ method: 'fm' }, { method: 'fm' }] })
    await withTrainer(config, async trainer => {
      const { layout } = trainer.recorded.training
      trainer.submitSteps(5, false)
      const before = await trainer.replicaStates()
      const start = before.map((state, r) => ({ ...state, parameters: r === 0 ? state.parameters : state.parameters.with(layout.layers['t_embedder.mlp.2'].offset, Number.POSITIVE_INFINITY) }))
      await withTrainer(config, async broken => {
        broken.submitSteps(3, false)
        const after = await broken.replicaStates()
        expect(after[0].parameters).not.toEqual(before[0].parameters)
        for (const name of ['parameters', 'first', 'second', 'ema'] as const) expect(after[1][name]).toEqual(start[1][name])
        const [, [, row]] = await broken.metrics(6, 8)
        expect(row).toMatchObject({ step: 7, skipped: 3 })
      }, { start })
    })
  })

  test('a learning rate of 1 does not break the weights', async () => {
    const config = tinyConfig({ train: { batch: 8, steps: 60, warmup: 0, learningRate: 1, clip: 0 } })
    await withTrainer(config, async trainer => {
      trainer.submitSteps(60, false)
      for (const state of await trainer.replicaStates()) for (const values of [state.parameters, state.ema]) expect(finite(values)).toBe(true)
    })
  })
})
