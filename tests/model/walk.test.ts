/** A training step looked at from inside: it is the run's own next step, every number of it, and the run does not feel it. */
import { describe, expect, test } from 'vitest'
import { attentionWeights } from '../../src/lab/walk/attention.ts'
import { methods } from '../../src/methods/index.ts'
import type { StepWalk, WalkTensor } from '../../src/step_walk.ts'
import { expectSameBits, finished, reached, sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

const written = ({ moves }: StepWalk) => moves.flatMap(({ writes }) => writes)
const last = (walk: StepWalk, name: string): WalkTensor => written(walk).findLast((one) => one.name === name)!
const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1)

describe.each([['alone', 0, 'Flow matching'], ['with anchors', 1, 'LCF']])('a step of a replica %s', (_, replica, label) => {
  test('is the one that the run takes next: its loss, its gradient and its new weights, bit for bit', async () => {
    const session = await create()
    await session.advance(5)
    const before = await session.snapshot()
    const walk = await session.walk(replica, 3)
    expectSameBits(await session.snapshot(), before)
    expect(walk).toMatchObject({ runId: 'run', step: 6, replica, label, sample: 3, batch: 8 })

    await session.advance(1)
    const { flow, gradientNorm, last: now } = session.tick().replicas[replica]
    expect(walk.loss).toBe(flow.value.at(-1))
    expect(walk.gradientNorm).toBe(gradientNorm.value.at(-1))
    expect(now.gradientNorm).toBe(walk.gradientNorm)

    const { training } = session['trainer'].recorded
    const { offset, inputs, outputs } = training.layout.layers['blocks.0.attn.qkv']
    const count = (inputs + 1) * outputs
    const read = async (tensor: typeof training.state) => new Float32Array(await session['trainer'].table.read(tensor)).slice(replica * training.layout.length + offset, replica * training.layout.length + offset + count)
    const gradient = await read(training.optimizer.gradients)
    expect(gradient.some(value => value !== 0)).toBe(true)
    expect(last(walk, 'gradient blocks.0.attn.qkv')).toMatchObject({ rows: inputs + 1, columns: outputs, letters: ['C+1', '3C'], sizes: [17, 48], part: '' })
    expect(last(walk, 'gradient blocks.0.attn.qkv').values).toEqual(gradient)
    expect(last(walk, 'gradients').values).toEqual(gradient)
    const weights = await read(training.parameters.tensor)
    expect(last(walk, 'weights').values).toEqual(weights)
    const old = before.replicas[replica].parameters.subarray(offset, offset + count)
    expect(last(walk, 'change of the weights').values).toEqual(weights.map((value, i) => value - old[i]))
  })

  test('has every tensor finite, of the shape it says, and the moves in the order of the recording', async () => {
    const session = await create()
    await session.advance(3)
    const walk = await session.walk(replica, 0)
    const dispatches = session['trainer'].recorded.training.recorder.dispatches.map(({ kernel }) => kernel)
    if (replica === 1) expect(walk.moves.map(({ kernel }) => kernel)).toEqual(dispatches)
    else expect(walk.moves.map(({ kernel }) => kernel)).not.toContain('contrastive_loss')
    for (const one of written(walk)) {
      expect(one.statistics.notFinite, one.name).toBe(0)
      expect(one.values.length, one.name).toBe(one.groups * one.rows * one.columns)
      expect(one.letters.length, `${one.name} is named`).toBe(one.sizes.length)
      if (one.sizes.length < 3 || !one.letters[0].endsWith('B')) continue
      expect(one.values.length, one.name).toBe(product(one.sizes.slice(1)))
    }
    for (const { workgroups, kernel } of walk.moves) expect(Math.min(...workgroups), kernel).toBeGreaterThan(0)
    expect(new Set(written(walk).map(({ name }) => name)).size).toBeGreaterThan(50)
  })
})

test('one image through the step: what it says adds up', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }] }))
  await session.advance(10)
  const walk = await session.walk(0, 2)
  const [noise, noised, goal] = ['batch noise', 'batch x_t', 'batch target'].map(name => last(walk, name).values)
  const t = walk.t!
  expect(last(walk, 'batch t').values[2]).toBe(t)
  // x_t = (1 − t) x₀ + t ε with x₀ = ε − target
  noised.forEach((value, i) => expect(value).toBeCloseTo((1 - t) * (noise[i] - goal[i]) + t * noise[i], 5))
  const velocity = last(walk, 'velocity').values
  const error = velocity.reduce((sum, value, i) => sum + (value - goal[i]) ** 2, 0) / velocity.length
  expect(last(walk, 'loss').values[2]).toBeCloseTo(error, 5)
  const losses = last(walk, 'loss').values
  expect(walk.loss).toBeCloseTo(losses.reduce((sum, value) => sum + value, 0) / 8, 5)
  last(walk, 'd velocity').values.forEach((value, i) => expect(value).toBeCloseTo((2 * (velocity[i] - goal[i])) / 64 / 8, 6))
  expect(last(walk, 'batch x_t')).toMatchObject({ letters: ['B', 'ch', 'h', 'w'], sizes: [8, 1, 8, 8], groups: 1, rows: 8, columns: 8 })

  const heads = walk.moves.filter(({ attention }) => attention)
  expect(heads.map(({ stage }) => stage)).toEqual(['block 0', 'block 1'])
  for (const { attention, reads, writes } of heads) {
    const { queries, keys, weights } = attention!
    expect([attention!.heads, queries, keys]).toEqual([2, 16, 16])
    for (let row = 0; row < weights.length / keys; row++) {
      const part = weights.slice(row * keys, (row + 1) * keys)
      expect(part.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4)
      expect(Math.min(...part)).toBeGreaterThanOrEqual(0)
    }
    // The same weights give what the kernel gathered.
    const qkv = last(walk, reads[0].name).values
    const out = writes.find(({ name }) => name.startsWith('attention'))!.values
    let gathered = 0
    for (let j = 0; j < 16; j++) gathered += weights[(1 * 16 + 5) * 16 + j] * qkv[(j * 3 + 2) * 16 + 8 + 3]
    expect(out[5 * 16 + 8 + 3]).toBeCloseTo(gathered, 4)
  }
})

test('while it trains: between two steps, and the run ends with the bits of one that was let alone', async () => {
  const config = tinyConfig({ train: { steps: 40 } })
  const [looked, alone] = [await create(config), await create(config)]
  looked.run()
  await reached(looked, 4)
  const walk = await looked.walk(1, 7)
  expect(walk.step).toBeGreaterThan(4)
  await finished(looked)
  await alone.advance(40)
  expectSameBits(await looked.checkpoint(), await alone.checkpoint())
  await looked.readMetrics()
  expect(looked.tick().replicas[1].flow.value[walk.step - 1]).toBe(walk.loss)
})

test('with classes and all tokens compared, nothing is left without a name', async () => {
  const session = await create(tinyConfig({ net: { classes: 10 }, objective: { feature: 'flattened' }, replicas: [{ method: 'lcf' }] }))
  const walk = await session.walk(0, 0)
  expect(walk.step).toBe(1)
  expect(written(walk).filter(({ letters }) => letters.length === 0).map(({ name }) => name)).toEqual([])
  expect(last(walk, 'unit features')).toMatchObject({ letters: ['2B', 'T', 'C'] })
  expect(last(walk, 'gradient labels')).toMatchObject({ letters: ['K', 'C'], sizes: [10, 16] })
})

test('every method beside all others: alone on the copy it takes the step that it takes in the run', async () => {
  const session = await create(tinyConfig({ net: { selfCondition: 1 }, replicas: Object.keys(methods).map(method => ({ method })) }))
  await session.advance(3)
  const walks: StepWalk[] = []
  for (const r of Object.keys(methods).keys()) walks.push(await session.walk(r, 0))
  await session.advance(1)
  session.tick().replicas.forEach(({ flow, gradientNorm, method }, r) => {
    expect(walks[r].loss, method).toBe(flow.value.at(-1))
    expect(walks[r].gradientNorm / gradientNorm.value.at(-1)!, method).toBeCloseTo(1, 5) // the run may cut its rows into other slices
    expect(written(walks[r]).filter(({ statistics }) => statistics.notFinite > 0).map(({ name }) => name), method).toEqual([])
  })
})

test('weights that are not finite are walked too, and every figure says how many numbers are not', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }] }))
  const checkpoint = await session.checkpoint()
  checkpoint.replicas[0].parameters.fill(NaN)
  const broken = await create(session.currentConfig, { checkpoint })
  const walk = await broken.walk(0, 0)
  expect(walk.loss).toBeNaN()
  expect(last(walk, 'batch x_t').statistics.notFinite).toBe(0)
  expect(last(walk, 'velocity').statistics).toEqual({ notFinite: 64, low: null, high: null, mean: null, deviation: null })
})

test('what is not there is refused in one sentence', async () => {
  const session = await create()
  await expect(session.walk(2, 0)).rejects.toThrow('there is no replica 3; this run has 2')
  await expect(session.walk(0, 8)).rejects.toThrow('there is no image 9 in a batch of 8')
})

test('attention weights are a softmax of scaled scores', () => {
  // One head of two numbers, two tokens: q = (1,0), (0,2); k = (1,1), (0,1)
  const qkv = [1, 0, 1, 1, 0, 0, 0, 2, 0, 1, 0, 0]
  const score = (a: number) => a / Math.SQRT2
  const lse = [Math.log(Math.exp(score(1)) + Math.exp(score(0))), Math.log(2 * Math.exp(score(2)))]
  const [first, second, third, fourth] = attentionWeights(qkv, lse, { tokens: 2, heads: 1, depth: 2, queries: 2 })
  expect(first + second).toBeCloseTo(1, 12)
  expect(first / second).toBeCloseTo(Math.exp(score(1)), 12)
  expect([third, fourth]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)])
})

test('labels that are left out: the same ones as in the run, and their own row of the table', async () => {
  const session = await create(tinyConfig({ net: { classes: 10, labelDrop: 0.5 }, objective: { nullSkip: true }, replicas: [{ method: 'contrastive-fm' }] }))
  await session.advance(3)
  const walk = await session.walk(0, 0)
  await session.advance(1)
  expect(walk.loss).toBe(session.tick().replicas[0].flow.value.at(-1))
  const drop = walk.moves.find(({ kernel }) => kernel === 'drop_labels')!
  expect(drop.writes.map(({ name }) => name)).toEqual(['batch labels', 'negatives'])
  expect(last(walk, 'gradient labels')).toMatchObject({ letters: ['K+1', 'C'], sizes: [11, 16] })
})
