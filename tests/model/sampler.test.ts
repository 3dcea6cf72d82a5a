/** The sampler on the GPU against one written out here with the float64 twin of the net. */
import { describe, expect, test } from 'vitest'
import type { Config, ConfigInput } from '../../src/config.ts'
import { PhiloxStream, STREAM_SAMPLE } from '../../src/engine/philox.ts'
import { arrayCarrier } from '../../src/flow/array_carrier.ts'
import { follow, type Journey } from '../../src/flow/solver.ts'
import type { ReplicaState } from '../../src/lab/trainer.ts'
import { startState } from '../../src/model/knobs.ts'
import { drawSamples, untrainedBelow } from '../../src/model/sampler.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { differingBits, relative } from '../support/compare.ts'
import { flat, randomParameters } from '../support/random_net.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const COUNT = 3
const EACH = 64
const T_MIN = 0.125

const configOf = (evaluate: ConfigInput['evaluate'] = {}, classes = 0) => tinyConfig({
  net: { patch: 4, blocks: 1, classes }, objective: { layer: 1, tMin: T_MIN }, evaluate: { samples: COUNT, solverSteps: 4, ...evaluate },
  replicas: [{ method: 'fm' }, { method: 'lcf' }, { method: 'fm-contrast' }, { method: 'lcf', tMin: 0.5 }],
})

/** The times a sampler should visit, written down by hand for four steps. */
const THROUGH = [1, 0.75, 0.5, 0.25, 0]
const times = {
  through: [THROUGH, THROUGH, THROUGH, THROUGH],
  // Only methods that leave levels below T_min untrained jump over them: from T_min to 0 at once.
  jump: [THROUGH, [1, 1 - 0.875 / 3, 1 - 1.75 / 3, T_MIN, 0], THROUGH, [1, 1 - 0.5 / 3, 1 - 1 / 3, 0.5, 0]],
}

/** Random running means; the weights stay zero, so that using the wrong ones shows. */
function states(config: Config, weaken = 1): ReplicaState[] {
  return config.replicas.map((_, r) => {
    const ema = flat(config.net, randomParameters(config.net, 40 + r)).map(weight => weaken * weight)
    const zero = () => new Float32Array(ema.length)
    return { parameters: zero(), first: zero(), second: zero(), ema, state: startState() }
  })
}

function noise(seed: number, draw = 0): Float64Array {
  const values = new Float32Array(COUNT * EACH)
  new PhiloxStream(seed, STREAM_SAMPLE, draw).fillNormal(values)
  return Float64Array.from(values)
}

/** Heun but for the last step, which ends where no method is trained. */
function twinSample(config: Config, r: number, seed: number, grid: number[]): Float64Array {
  const { net, evaluate } = config
  const parameters = randomParameters(net, 40 + r)
  const labels = net.classes > 0 ? Array.from({ length: COUNT }, (_, i) => i % net.classes) : null
  const velocity = (x: Float64Array, t: number) => ditForward(net, parameters, x, new Float64Array(COUNT).fill(t), labels).velocity!
  let x = noise(seed)
  for (let i = 0; i + 1 < grid.length; i++) {
    const h = grid[i + 1] - grid[i]
    const v = velocity(x, grid[i])
    const euler = x.map((value, k) => value + h * v[k])
    if (evaluate.solver === 'heun' && i + 2 < grid.length) {
      const w = velocity(euler, grid[i + 1])
      x = x.map((value, k) => value + (h / 2) * (v[k] + w[k]))
    } else x = euler
  }
  return x
}

describe.each(['euler', 'heun'] as const)('%s', solver => {
  test.each(['jump', 'through'] as const)('%s: every replica follows its own field over its own times, with its running mean of the weights', async belowTMin => {
    const config = configOf({ solver, belowTMin }, 10)
    await withTrainer(config, async trainer => {
      const { images } = await trainer.sample(9)
      images.forEach((image, r) => expect(relative(image, twinSample(config, r, 9, times[belowTMin][r])), `replica ${r}`).toBeLessThan(2e-5))
    }, { start: states(config) })
  })
})

/** Random fields are so steep that a rounding error in a step size grows a thousandfold; of weaker weights they are not. */
const GENTLE = 0.5

/** The driver on plain arrays, which tests/unit/solver.test.ts holds to closed forms. */
async function arraySample(config: Config, r: number, seed: number): Promise<{ x: Float64Array; journey: Journey }> {
  const parameters = randomParameters(config.net, 40 + r)
  for (const values of Object.values(parameters)) values.forEach((value, i) => { values[i] = Math.fround(GENTLE * value) })
  const velocity = (x: Float64Array, t: number) => ditForward(config.net, parameters, x, new Float64Array(COUNT).fill(t), null).velocity!
  const carrier = arrayCarrier(noise(seed), velocity, draw => noise(seed, draw))
  const journey = await follow(carrier, config.evaluate, [untrainedBelow(config)[r]])
  return { x: carrier.x, journey }
}

describe.each(['midpoint', 'rk4', 'dopri5', 'sde'] as const)('%s', solver => {
  test.each(['jump', 'through'] as const)('%s: the GPU goes where plain arrays go, in as many looks', async belowTMin => {
    const config = configOf({ solver, belowTMin, solverSteps: 6, rtol: 1e-3, atol: 1e-3 })
    await withTrainer(config, async trainer => {
      const { images, evaluations, rejected, forced, times: passed } = await trainer.sample(9)
      for (const [r, image] of images.entries()) {
        const { x, journey } = await arraySample(config, r, 9)
        // Step sizes that follow errors in float32 end a little elsewhere: by a tenth of the tolerance at most, 2.6e-5 on SwiftShader.
        expect(relative(image, x), `replica ${r}`).toBeLessThan(solver === 'dopri5' ? 1e-4 : 2e-5)
        expect([evaluations[r], rejected[r], forced[r]], `replica ${r}`).toEqual([journey.evaluations[0], journey.rejected[0], 0])
        expect(passed[r].length).toBe(journey.times[0].length)
      }
      if (solver === 'dopri5') expect(new Set(evaluations).size, 'each net its own steps').toBeGreaterThan(1)
    }, { start: states(config, GENTLE) })
  })
})

test('a piece of a larger sample is that piece', async () => {
  const config = configOf({ solver: 'euler' })
  await withTrainer(config, async (trainer, data) => {
    const table = trainer.table
    const sampler = trainer.recorded.sampler
    const [whole, later] = [await drawSamples(table, sampler, config, { seed: 3, data }), await drawSamples(table, sampler, config, { seed: 3, data, first: 2 })]
    expect(differingBits(whole.images[1].slice(2 * EACH), later.images[1].slice(0, EACH))).toBe(0)
    expect(differingBits(whole.images[1].slice(0, EACH), later.images[1].slice(0, EACH))).toBeGreaterThan(EACH / 2)
  }, { start: states(config) })
})

test('an untrained net returns the noise itself, the same for every replica and another for another seed', async () => {
  await withTrainer(configOf({ solver: 'heun', solverSteps: 7 }), async trainer => {
    const [{ images }, { images: others }] = [await trainer.sample(5), await trainer.sample(6)]
    expect(images.length).toBe(4)
    for (const image of images) expect(differingBits(image, Float32Array.from(noise(5)))).toBe(0)
    expect(relative(others[0], images[0])).toBeGreaterThan(0.5)
  })
})

test('sampling twice gives the same bits, also in between training steps, and leaves training alone', async () => {
  const config = configOf()
  await withTrainer(config, async trainer => {
    trainer.submitSteps(5, false)
    const [{ images: first }, { images: second }] = [await trainer.sample(1), await trainer.sample(1)]
    first.forEach((image, r) => expect(differingBits(image, second[r])).toBe(0))
    trainer.submitSteps(5, false)
    const { images: moved } = await trainer.sample(1)
    expect(differingBits(moved[0], first[0])).toBeGreaterThan(0)
    const after = await trainer.replicaStates()
    await withTrainer(config, async undisturbed => {
      undisturbed.submitSteps(10, false)
      const states = await undisturbed.replicaStates()
      states.forEach((state, r) => expect(differingBits(state.parameters, after[r].parameters)).toBe(0))
    })
  })
})
