/** Labels left out while training, and samples that are guided by them: on the GPU, against the float64 twin of the net. */
import { expect, test } from 'vitest'
import type { Config, ConfigInput, ReplicaConfig } from '../../src/config.ts'
import { PhiloxStream, STREAM_SAMPLE } from '../../src/engine/philox.ts'
import { arrayCarrier } from '../../src/flow/array_carrier.ts'
import { follow } from '../../src/flow/solver.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { type ReplicaState, Trainer } from '../../src/lab/trainer.ts'
import { startState } from '../../src/model/knobs.ts'
import { NONE } from '../../src/ops/batch.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { differingBits, relative } from '../support/compare.ts'
import { withTraining } from '../support/given_training.ts'
import { flat, randomParameters } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const { create } = sessions()
const [COUNT, EACH, CLASSES, LAMBDA] = [3, 64, 10, 0.25]

const configOf = (evaluate: ConfigInput['evaluate'] = {}, objective: ConfigInput['objective'] = {}, net: ConfigInput['net'] = {}) => tinyConfig({
  net: { patch: 4, blocks: 1, classes: CLASSES, labelDrop: 0.25, ...net }, objective: { layer: 1, lambda: LAMBDA, ...objective }, evaluate: { samples: COUNT, solverSteps: 4, ...evaluate },
  replicas: [{ method: 'fm' }, { method: 'contrastive-fm' }],
})

function states(config: Config, weaken = 1): ReplicaState[] {
  return config.replicas.map((_, r) => {
    const ema = flat(config.net, randomParameters(config.net, 60 + r)).map(weight => weaken * weight)
    const zero = () => new Float32Array(ema.length)
    return { parameters: zero(), first: zero(), second: zero(), ema, state: startState() }
  })
}

/** Draws with one set of weights under each of these settings, which act at once. */
async function drawUnder(settings: ConfigInput['evaluate'][], objective: ConfigInput['objective'] = {}) {
  return withTrainer(configOf({}, objective), async (trainer, data) => {
    const drawn: Awaited<ReturnType<Trainer['sample']>>[] = []
    for (const one of settings) {
      trainer.turn(configOf(one, objective))
      drawn.push(await trainer.sample(9))
    }
    return { drawn, data }
  }, { start: states(configOf()) })
}

type Velocity = (x: Float64Array, t: number) => Float64Array

/** What replica r's net says to three samples of the classes 0, 1 and 2, told so or not. */
function fieldsOf(r: number, weaken = 1): { labelled: Velocity; unlabelled: Velocity } {
  const { net } = configOf()
  const parameters = randomParameters(net, 60 + r)
  for (const values of Object.values(parameters)) values.forEach((value, i) => { values[i] = Math.fround(weaken * value) })
  const told = (labels: number[]): Velocity => (y, t) => ditForward(net, parameters, y, new Float64Array(COUNT).fill(t), labels).velocity!
  return { labelled: told([0, 1, 2]), unlabelled: told([CLASSES, CLASSES, CLASSES]) }
}

function noise(draw = 0): Float64Array {
  const values = new Float32Array(COUNT * EACH)
  new PhiloxStream(9, STREAM_SAMPLE, draw).fillNormal(values)
  return Float64Array.from(values)
}

/** Euler over four steps, from a field made of those with and without labels. */
function twinSample(r: number, field: (labelled: Velocity, unlabelled: Velocity) => Velocity): Float64Array {
  const { labelled, unlabelled } = fieldsOf(r)
  const velocity = field(labelled, unlabelled)
  let x = noise()
  for (const t of [1, 0.75, 0.5, 0.25]) {
    const v = velocity(x, t)
    x = x.map((value, k) => value - 0.25 * v[k])
  }
  return x
}

const guided = (w: number): ((labelled: Velocity, unlabelled: Velocity) => Velocity) => (labelled, unlabelled) => (x, t) => {
  const [c, u] = [labelled(x, t), unlabelled(x, t)]
  return u.map((value, k) => value + w * (c[k] - value))
}

test('guidance: 1 is the plain sample and 0 the one without labels; between and beyond it is their mixture, in twice the passes', async () => {
  const { drawn: [plain, one, none, three, half] } = await drawUnder([{}, { guidance: 1, guidanceFrom: 0.3, guidanceTo: 0.6 }, { guidance: 0 }, { guidance: 3 }, { guidance: 0.5 }])
  for (const r of [0, 1]) {
    expect(differingBits(one.images[r], plain.images[r])).toBe(0)
    expect(relative(plain.images[r], twinSample(r, labelled => labelled))).toBeLessThan(2e-5)
    expect(relative(none.images[r], twinSample(r, (_, unlabelled) => unlabelled))).toBeLessThan(2e-5)
    expect(relative(three.images[r], twinSample(r, guided(3)))).toBeLessThan(5e-5)
    expect(relative(half.images[r], twinSample(r, guided(0.5)))).toBeLessThan(2e-5)
    expect(relative(three.images[r], plain.images[r])).toBeGreaterThan(0.05)
  }
  expect([plain, none, three].map(({ evaluations }) => evaluations[0])).toEqual([4, 4, 8])
})

test('guidance acts inside its interval only, ends included', async () => {
  const { drawn: [plain, outside, inside] } = await drawUnder([{}, { guidance: 3, guidanceFrom: 0.8, guidanceTo: 0.9 }, { guidance: 3, guidanceFrom: 0.5, guidanceTo: 0.75 }])
  expect(differingBits(outside.images[0], plain.images[0])).toBe(0)
  const expected = twinSample(0, (labelled, unlabelled) => (x, t) => (t === 0.5 || t === 0.75 ? guided(3)(labelled, unlabelled) : labelled)(x, t))
  expect(relative(inside.images[0], expected)).toBeLessThan(5e-5)
  expect([outside, inside].map(({ evaluations }) => evaluations[0])).toEqual([4, 6])
})

/** Random fields are so steep that a rounding error in a step size grows a thousandfold; of weaker weights they are not. */
const GENTLE = 0.5

test.each(['heun', 'rk4', 'dopri5', 'sde'] as const)('%s goes where plain arrays go in the guided field, in as many passes', async solver => {
  const config = configOf({ solver, guidance: 2, guidanceFrom: 0.3, rtol: 1e-3, atol: 1e-3 })
  const start = states(config, GENTLE)
  await withTrainer(config, async trainer => {
    const { images, evaluations } = await trainer.sample(9)
    const { labelled, unlabelled } = fieldsOf(0, GENTLE)
    const carrier = arrayCarrier(noise(), (y, t) => (t >= 0.3 ? guided(2)(labelled, unlabelled) : labelled)(y, t), draw => noise(draw))
    const { evaluations: [passes] } = await follow({ ...carrier, look: carrier.look, passes: (_, t) => (t >= 0.3 ? 2 : 1) }, config.evaluate, [0])
    expect(relative(images[0], carrier.x)).toBeLessThan(2e-5)
    expect(evaluations[0]).toBe(passes)
  }, { start })
})

test('ΔFM corrected: (1 − λ) v − λ E[x0], which leaves flow matching beside it as it was', async () => {
  const { drawn: [plain, corrected, both], data } = await drawUnder([{}, { correction: true }, { correction: true, guidance: 2 }])
  expect(differingBits(corrected.images[0], plain.images[0])).toBe(0)
  const mean = new Float64Array(EACH)
  data.train.forEach((value, i) => { mean[i % EACH] += value / data.trainLabels.length })
  const back = (velocity: Velocity): Velocity => (x, t) => velocity(x, t).map((v, k) => (1 - LAMBDA) * v - LAMBDA * mean[k % EACH])
  expect(relative(corrected.images[1], twinSample(1, back))).toBeLessThan(2e-5)
  expect(relative(both.images[1], twinSample(1, (labelled, unlabelled) => back(guided(2)(labelled, unlabelled))))).toBeLessThan(5e-5)
})

test('with negatives of other classes, whose mean depends on the label; without label nothing was pushed away', async () => {
  const { drawn: [corrected], data } = await drawUnder([{ correction: true, guidance: 2 }], { negatives: 'other-class', nullSkip: true })
  const others = (label: number) => {
    const rows = [...data.trainLabels.keys()].filter(i => data.trainLabels[i] !== label)
    return Float64Array.from({ length: EACH }, (_, k) => rows.reduce((sum, i) => sum + data.train[i * EACH + k], 0) / rows.length)
  }
  const means = [0, 1, 2].map(others)
  const back = (velocity: Velocity): Velocity => (x, t) => velocity(x, t).map((v, k) => (1 - LAMBDA) * v - LAMBDA * means[Math.floor(k / EACH)][k % EACH])
  expect(relative(corrected.images[1], twinSample(1, (labelled, unlabelled) => guided(2)(back(labelled), unlabelled)))).toBeLessThan(5e-5)
  expect(() => checkConfig(configOf({ correction: true, guidance: 2 }, { negatives: 'other-class' }))).toThrow(/^evaluate\.correction: .*no closed form; take objective\.nullSkip/)
  // Each replica by what it has of its own.
  const own = (replica: ReplicaConfig) => ({ ...configOf({ correction: true, guidance: 2 }, { negatives: 'other-class' }), replicas: [{ method: 'fm' }, { method: 'contrastive-fm', ...replica }] })
  for (const one of [{ nullSkip: true }, { negatives: 'any' }] as const) expect(() => checkConfig(own(one))).not.toThrow()
  expect(() => checkConfig({ ...own({}), objective: configOf().objective, replicas: [{ method: 'contrastive-fm' }, { method: 'contrastive-fm', negatives: 'other-class' }] })).toThrow('no closed form')
})

test('training leaves labels out as often as asked, the same ones for replicas of one seed, and pushes from none where it is told so', async () => {
  const config = configOf({}, { nullSkip: true }, { labelDrop: 0.3 })
  await withTraining(config, { given: false, images: 64 }, async training => {
    for (const r of [0, 1]) training.weigh(flat(config.net, randomParameters(config.net, 7)), r)
    const classes = Uint32Array.from({ length: 64 }, (_, i) => i % CLASSES)
    training.buffers.write(training.training.classes!, classes)
    const [B, steps] = [config.train.batch, 150]
    let dropped = 0
    for (let step = 0; step < steps; step++) {
      training.run()
      const { batch, negative } = training.training
      const [labels, rows, others] = await Promise.all([batch.labels!, batch.row, negative!].map(tensor => training.readWords(tensor)))
      for (let i = 0; i < B; i++) {
        const gone = labels[i] === CLASSES
        dropped += Number(gone)
        expect(labels[i]).toBe(gone ? CLASSES : classes[rows[i]])
        expect(labels[B + i], 'of the same seed').toBe(labels[i])
        expect(others[B + i] === NONE, 'pushed from none').toBe(gone)
      }
    }
    expect(Math.abs(dropped / (steps * B) - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / (steps * B)))
    const { contrastive } = await training.metrics(steps - 1, 1)
    expect(contrastive).toBeLessThan(0)
    const table = (await training.gradients())['y_embedder.embedding_table.weight']
    expect(table.shape).toEqual([CLASSES + 1, config.net.width])
  })
})

test('what cannot be is refused in one sentence', () => {
  expect(() => tinyConfig({ evaluate: { guidance: 2 } })).toThrow('evaluate.guidance: guidance 2 needs a network that was trained with and without labels; take net.classes and net.labelDrop above 0, or guidance 1')
  expect(() => tinyConfig({ net: { labelDrop: 0.1 } })).toThrow('net.labelDrop: labels cannot be left out of a network that is told none; take net.classes above 0, or a label drop of 0')
  expect(() => configOf({ guidanceFrom: 0.6, guidanceTo: 0.5 })).toThrow('evaluate.guidanceFrom: guidance from t = 0.6 up to 0.5 is no interval; the first must not be above the second')
})

test('guidance is turned while a run goes on, and its samples say so; a net without labels refuses', async () => {
  const session = await create(configOf())
  await session.advance(2)
  const plain = await session.sample()
  expect(plain.steered).toBeUndefined()
  session.patch({ replica: 'all', section: 'evaluate', field: 'guidance', value: 3 })
  session.patch({ replica: 'all', section: 'evaluate', field: 'guidanceTo', value: 0.5 })
  expect(await session.sample()).toMatchObject({ steered: 'guidance 3 from t = 0 to 0.5', evaluations: [6, 6] }) // at t = .5 and .25 of 1, .75, .5, .25
  const untold = await create(tinyConfig())
  expect(() => untold.patch({ replica: 'all', section: 'evaluate', field: 'guidance', value: 3 })).toThrow(/^evaluate\.guidance: guidance 3 needs/)
})
