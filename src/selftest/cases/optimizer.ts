/** Several whole steps from gradient planes to weights: warm-up, cosine, clipping, and gradients that are not finite. */
import type { Recorder } from '../../engine/recorder.ts'
import { adamw, gradientReduce, makeOptimizer, METRICS, METRICS_RING, optimizerBegin, type Optimizer } from '../../ops/optimizer.ts'
import { type OptimizerSettings, optimizerStep, startOptimizer } from '../../reference/optimizer.ts'
import { filled, type Filled, given, layOut, layOutAs, type OpCase, type Output, part, TOLERANCE } from '../case.ts'
import { knobs, state, stateOutput } from '../structs.ts'

const GROUPS = 64

/** More than one round of the grid, so lanes add up several vectors. */
const reduceCase: OpCase = {
  op: 'gradient reduce', shape: 'R 2, 17 024 parameters, 3 planes', seed: 1001, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, slices, length] = [2, 3, 17024]
    const planes = filled(recorder, random, 'planes', { replicas: slices, capacity: replicas, width: length })
    const parameters = { tensor: planes.tensor, replicas, length }
    const optimizer = makeOptimizer(recorder, parameters)
    gradientReduce(recorder, parameters, { planes: planes.tensor, slices }, optimizer)
    const sum = (r: number) => part(planes, 0, replicas).subarray(r * length, (r + 1) * length).map((value, i) => value + planes.values[(replicas + r) * length + i] + planes.values[(2 * replicas + r) * length + i])
    const squares = (r: number) => {
      const partials = new Float64Array(GROUPS)
      sum(r).forEach((value, i) => { partials[Math.floor(i / 4 / 64) % GROUPS] += value * value })
      return partials
    }
    return [
      { name: 'gradients', tensor: optimizer.gradients, expected: () => layOut(replicas, length, sum) },
      { name: 'partials', tensor: optimizer.partials, expected: () => layOut(replicas, GROUPS, squares) },
    ]
  },
}

/** Four micro-batches of three and two steps: gradients add up, metrics are of the whole batch, and only the last of each step updates. */
const partsCase: OpCase = {
  op: 'optimizer, micro-batches', shape: 'R 2, 300 parameters, 2 steps of 4', seed: 1003, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, batch, parts, steps] = [2, 3, 4, 2]
    const size = { replicas, capacity: 1, width: 300 }
    const parameters = filled(recorder, random, 'parameters', size)
    const flat = { tensor: parameters.tensor, replicas, length: size.width }
    const made = makeOptimizer(recorder, flat)
    const ema = given(recorder, 'EMA weights', size, parameters.values)
    const optimizer: Optimizer = { ...made, ema: { ...flat, tensor: ema.tensor } }
    const setting: OptimizerSettings = { ...settings[0], warmup: 0 }
    const knob = knobs(recorder, Array.from({ length: replicas }, (_, r) => ({
      batch: batch * parts, learning_rate: setting.learningRate, beta1: setting.beta1, beta2: setting.beta2, epsilon: setting.epsilon, weight_decay: setting.weightDecay, clip: setting.clip, ema_decay: setting.emaDecay, flow_below: r,
    })))
    // This part holds 1 of the 5 samples below T_min.
    const states = state(recorder, [0, 1].map(() => ({ low: 1, anchors: 1, whole_low: 5, whole_anchors: 4, lambda: 0.5 })))
    const twins = [0, 1].map(r => startOptimizer(part(parameters, r, 1)))
    const rows: Record<'flow' | 'contrastive' | 'gradientNorm' | 'anchors' | 'negative' | 'low', number>[][] = [[], []]
    for (let step = 0; step < steps; step++) {
      const sums = [0, 1].map(() => ({ gradient: new Float64Array(size.width), flow: 0, contrastive: 0, negative: 0 }))
      for (let p = 0; p < parts; p++) {
        const planes = filled(recorder, random, 'planes', size, { scale: 0.1 })
        const loss = filled(recorder, random, 'loss', { replicas, capacity: batch, width: 1 }, { offset: 2 })
        const pairs = filled(recorder, random, 'rows', { replicas, capacity: batch, width: 4 }, { offset: 2 })
        gradientReduce(recorder, flat, { planes: planes.tensor, slices: 1 }, optimizer, states)
        optimizerBegin(recorder, replicas, batch, knob, states, optimizer, loss.tensor, pairs.tensor, parts)
        adamw(recorder, flat, knob, states, optimizer)
        sums.forEach((sum, r) => {
          part(planes, r, 1).forEach((value, i) => { sum.gradient[i] += value })
          sum.flow += part(loss, r, batch).reduce((all, value, i) => all + (r === 1 || i >= 1 ? value : 0), 0)
          const [contrastive, , negative] = part(pairs, r, 1)
          sum.contrastive += contrastive
          sum.negative += negative
        })
      }
      sums.forEach((sum, r) => rows[r].push({
        flow: sum.flow / (r === 1 ? 12 : 7), contrastive: sum.contrastive / 4, negative: sum.negative / 4, gradientNorm: optimizerStep(twins[r], sum.gradient, setting).norm, anchors: 4, low: 5,
      }))
    }
    const metric = (name: keyof (typeof rows)[number][number]): Output => ({
      name: `metrics.${name}`, tensor: optimizer.metrics, at: [0, 1, 2, 3].map(i => i * METRICS.length + METRICS.indexOf(name)), expected: () => Float64Array.from([0, 1, 2, 3], i => rows[i % 2][Math.floor(i / 2)][name]),
    })
    const vector = (name: string, tensor: Output['tensor'], of: (r: number) => Float64Array): Output => ({ name, tensor, expected: layOutAs(parameters, replicas, of) })
    return [
      vector('parameters', parameters.tensor, r => twins[r].parameters), vector('EMA', ema.tensor, r => twins[r].ema), vector('square', optimizer.second, r => twins[r].v),
      stateOutput(states, 'step', replicas, () => steps), stateOutput(states, 'updates', replicas, () => steps), stateOutput(states, 'part', replicas, () => 0),
      ...(['flow', 'contrastive', 'negative', 'gradientNorm', 'anchors', 'low'] as const).map(metric),
    ]
  },
}

const base: OptimizerSettings = {
  learningRate: 0.02, schedule: 'constant', warmup: 0, steps: 8, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, clip: 0, emaDecay: 0.999,
}
/** Replicas: warm-up with clipping; a cosine that ends before the last step; steps 1 and 3 bad. */
const settings: OptimizerSettings[] = [
  { ...base, warmup: 3, clip: 1 }, { ...base, schedule: 'cosine', warmup: 2, steps: 5, beta2: 0.99 }, { ...base, schedule: 'cosine', clip: 100 },
].map(each => Object.fromEntries(Object.entries(each).map(([key, value]) => [key, typeof value === 'number' ? Math.fround(value) : value])) as unknown as OptimizerSettings)

const BAD: Record<number, number> = { 1: NaN, 3: Infinity }
const STEPS = 7
/** Samples of a batch of 5 that each learns from. */
const LEARNED = [4, 5, 5]
const START = METRICS_RING - 3 // the metrics ring comes round on the way

function knobsOf(recorder: Recorder) {
  return knobs(recorder, settings.map((each, r) => ({
    batch: LEARNED[r], learning_rate: each.learningRate, cosine: each.schedule === 'cosine' ? 1 : 0, total_steps: each.steps, warmup: each.warmup, beta1: each.beta1, beta2: each.beta2,
    epsilon: each.epsilon, weight_decay: each.weightDecay, clip: each.clip, ema_decay: each.emaDecay, flow_below: r === 1 ? 1 : 0,
  })))
}

const trainingCase: OpCase = {
  op: 'optimizer', shape: `R ${settings.length}, 300 parameters, ${STEPS} steps`, seed: 1002, tolerance: TOLERANCE,
  record(recorder, random) {
    const replicas = settings.length
    const size = { replicas, capacity: 1, width: 300 }
    const parameters = filled(recorder, random, 'parameters', size)
    const ema = given(recorder, 'EMA weights', size, parameters.values)
    const flat = { tensor: parameters.tensor, replicas, length: size.width }
    const optimizer: Optimizer = { ...makeOptimizer(recorder, flat), ema: { ...flat, tensor: ema.tensor } }
    const knob = knobsOf(recorder)
    const counters = { low: [2, 2, 0], anchors: [2, 1, 0], empty: [0, 0, 5], lambda: [0.25, 0.5, 0.75] }
    // The last replica has a contrastive term and nothing below T_min.
    const emptyAt = (r: number, step: number) => counters.empty[r] + (r === 2 ? step + 1 : 0)
    const states = state(recorder, settings.map((_, r) => ({ step: START, low: counters.low[r], anchors: counters.anchors[r], empty: counters.empty[r], lambda: counters.lambda[r] })))
    const batch = Math.max(...LEARNED)
    const gradients: Filled[] = []
    const losses: Filled[] = []
    const rows: Filled[] = []
    for (let step = 0; step < STEPS; step++) {
      const numbers = random.normals(replicas * size.width, 0.02 * (1 + step))
      if (step in BAD) numbers[2 * size.width + 17] = BAD[step]
      gradients.push(given(recorder, 'planes', size, numbers))
      losses.push(filled(recorder, random, 'loss', { replicas, capacity: batch, width: 1 }, { offset: 2 }))
      rows.push(filled(recorder, random, 'rows', { replicas, capacity: batch, width: 4 }, { offset: 2 }))
      gradientReduce(recorder, flat, { planes: gradients[step].tensor, slices: 1 }, optimizer)
      optimizerBegin(recorder, replicas, batch, knob, states, optimizer, losses[step].tensor, rows[step].tensor)
      adamw(recorder, flat, knob, states, optimizer)
    }

    const twins = settings.map((setting, r) => {
      const twin = startOptimizer(part(parameters, r, 1))
      let rate = 0
      const history = gradients.map((gradient, step) => {
        const result = optimizerStep(twin, part(gradient, r, 1), setting)
        if (result.applied) rate = result.learningRate
        const low = r === 1 ? 0 : counters.low[r]
        const mean = (values: Float64Array, from: number, count: number, width = 1, column = 0) => {
          let sum = 0
          for (let i = from; i < from + count; i++) sum += values[i * width + column]
          return sum / Math.max(1, count)
        }
        const contrast = (column: number) => mean(part(rows[step], r, batch), 0, counters.anchors[r], 4, column)
        return {
          flow: mean(part(losses[step], r, batch), low, LEARNED[r] - low), contrastive: contrast(0), gradientNorm: result.norm, rate,
          anchors: counters.anchors[r], positive: contrast(1), negative: contrast(2), skipped: twin.skipped, empty: emptyAt(r, step), lambda: counters.lambda[r], low: counters.low[r],
        }
      })
      return { twin, history }
    })
    const place = (step: number, r: number, column: number) => (((START + step) % METRICS_RING) * replicas + r) * METRICS.length + column
    const each = Array.from({ length: STEPS * replicas }, (_, i) => [Math.floor(i / replicas), i % replicas] as const)
    const metrics = METRICS.map((name, column): Output => ({
      name: `metrics.${name}`, tensor: optimizer.metrics, at: each.map(([step, r]) => place(step, r, column)),
      expected: () => (name === 'step' ? Uint32Array.from(each, ([step]) => START + step) : Float64Array.from(each, ([step, r]) => twins[r].history[step][name])),
    }))
    const vector = (name: string, tensor: Output['tensor'], of: (r: number) => Float64Array): Output => ({ name, tensor, expected: layOutAs(parameters, replicas, of) })
    return [
      vector('parameters', parameters.tensor, r => twins[r].twin.parameters), vector('mean', optimizer.first, r => twins[r].twin.m),
      vector('square', optimizer.second, r => twins[r].twin.v), vector('EMA', ema.tensor, r => twins[r].twin.ema),
      stateOutput(states, 'step', replicas, () => START + STEPS), stateOutput(states, 'updates', replicas, r => twins[r].twin.step),
      stateOutput(states, 'skipped', replicas, r => twins[r].twin.skipped),
      stateOutput(states, 'correction1', replicas, r => 1 / (1 - settings[r].beta1 ** twins[r].twin.step)),
      stateOutput(states, 'correction2', replicas, r => 1 / (1 - settings[r].beta2 ** twins[r].twin.step)),
      ...metrics,
    ]
  },
}

export const optimizerCases: OpCase[] = [reduceCase, trainingCase, partsCase]
