/** The regression of the velocity and the evaluation's squared error. */
import { squaredError, velocityLoss } from '../../ops/velocity_loss.ts'
import { negativeLoss, NONE, regressionWeights, velocityLossBackward, velocityLossForward } from '../../reference/velocity_loss.ts'
import { blank, filled, layOut, layOutAs, type OpCase, part, TOLERANCE } from '../case.ts'
import { knobs, state } from '../structs.ts'

/** Replicas differ in how many samples lie below T_min: none, some, all; the last learns from four of the five. 75 values are no multiple of the 64 lanes. */
function velocityLossCase(sum: boolean, below: boolean, seed: number): OpCase {
  const low = [0, 2, 5, 1]
  const learned = (r: number) => (r === 3 ? 4 : 5)
  const [replicas, size, dimensions, capacity] = [low.length, 5, 75, 10]
  return {
    op: `velocity loss, ${sum ? 'sum' : 'mean'}${below ? ', also below T_min' : ''}`, shape: `R ${replicas}, B ${size}, d ${dimensions}, low ${low.join(' ')}`, seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const v = filled(recorder, random, 'v', { replicas, capacity: size, width: dimensions })
      const goal = filled(recorder, random, 'goal', { replicas, capacity, width: dimensions })
      const dv = blank(recorder, 'dv', { replicas, capacity: size, width: dimensions })
      const loss = recorder.tensor('loss', replicas * size)
      const knob = knobs(recorder, low.map((_, r) => ({ batch: learned(r), t_min: 0.3, flow_below: below ? 1 : 0, sum_loss: sum ? 1 : 0 })))
      const rows = recorder.tensor('rows', 4 * replicas * size)
      velocityLoss(recorder, replicas, size, { dimensions, capacity, goal: goal.tensor }, knob, state(recorder, low.map(count => ({ low: count }))), v.tensor, null, dv.tensor, loss, rows)

      const reduction = sum ? 'sum' : 'mean'
      const twinArguments = (r: number) => {
        const t = Float64Array.from({ length: size }, (_, i) => (i < low[r] ? 0.1 : 0.6))
        return [part(v, r, size), part(goal, r, size), Float64Array.from({ length: size }, (_, i) => regressionWeights(t.subarray(0, learned(r)), below ? 0 : 0.3)[i] ?? 0), size, dimensions, reduction] as const
      }
      return [
        { name: 'dv', tensor: dv.tensor, expected: layOutAs(dv, replicas, r => velocityLossBackward(...twinArguments(r))) },
        { name: 'loss', tensor: loss, expected: () => layOut(replicas, size, r => velocityLossForward(...twinArguments(r)).perSample) },
      ]
    },
  }
}

/** λ of 0, which is flow matching, and above; each sample pushed from another, one from itself; in the last replica one from none. */
const negativeCase: OpCase = {
  op: 'velocity loss with negatives', shape: 'R 3, B 5, d 75', seed: 906, tolerance: TOLERANCE,
  record(recorder, random) {
    const lambda = [0, 0.0625, 0.5]
    const [replicas, size, dimensions, capacity] = [lambda.length, 5, 75, 10]
    const v = filled(recorder, random, 'v', { replicas, capacity: size, width: dimensions })
    const goal = filled(recorder, random, 'goal', { replicas, capacity, width: dimensions })
    const dv = blank(recorder, 'dv', { replicas, capacity: size, width: dimensions })
    const [loss, rows] = [recorder.tensor('loss', replicas * size), recorder.tensor('rows', 4 * replicas * size)]
    const negative = (r: number) => [3, r === 2 ? NONE : 0, 2, 4, 1]
    const words = recorder.constant('negative', Uint32Array.from({ length: replicas * size }, (_, i) => negative(Math.floor(i / size))[i % size]))
    velocityLoss(recorder, replicas, size, { dimensions, capacity, goal: goal.tensor }, knobs(recorder, lambda.map(() => ({ batch: size, term: 2 }))), state(recorder, lambda.map(each => ({ lambda: each }))), v.tensor, words, dv.tensor, loss, rows)
    const weights = new Float64Array(size).fill(1 / size)
    const pushed = (r: number) => negativeLoss(part(v, r, size), part(goal, r, size), negative(r), weights, size, dimensions)
    return [
      { name: 'dv', tensor: dv.tensor, expected: layOutAs(dv, replicas, r => velocityLossBackward(part(v, r, size), part(goal, r, size), weights, size, dimensions).map((value, i) => value + lambda[r] * pushed(r).dv[i])) },
      { name: 'loss', tensor: loss, expected: () => layOut(replicas, size, r => velocityLossForward(part(v, r, size), part(goal, r, size), weights, size, dimensions).perSample) },
      { name: 'rows', tensor: rows, expected: () => layOut(replicas, 4 * size, r => (lambda[r] > 0 ? Float64Array.from({ length: 4 * size }, (_, i) => (i % 4 === 0 ? pushed(r).perSample[i / 4] : 0)) : [])) },
    ]
  },
}

const squaredErrorCase: OpCase = {
  op: 'squared error', shape: 'R 2, B 7, d 75', seed: 905, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, samples, dimensions] = [2, 7, 75]
    const [v, goal] = ['v', 'goal'].map(name => filled(recorder, random, name, { replicas, capacity: samples, width: dimensions }))
    const error = recorder.tensor('error', replicas * samples)
    squaredError(recorder, replicas, samples, dimensions, v.tensor, goal.tensor, error)
    const twin = (r: number) => velocityLossForward(part(v, r, samples), part(goal, r, samples), new Float64Array(samples), samples, dimensions).perSample
    return [{ name: 'error', tensor: error, expected: () => layOut(replicas, samples, twin) }]
  },
}

export const lossCases: OpCase[] = [
  velocityLossCase(false, false, 901), velocityLossCase(true, false, 902), velocityLossCase(false, true, 903), velocityLossCase(true, true, 904), squaredErrorCase, negativeCase,
]
