/** The regression of the velocity and the evaluation's squared error. */
import { squaredError, velocityLoss } from '../../ops/velocity_loss.ts'
import { regressionWeights, velocityLossBackward, velocityLossForward } from '../../reference/velocity_loss.ts'
import { blank, filled, layOut, layOutAs, type OpCase, part, TOLERANCE } from '../case.ts'
import { knobs, state } from '../structs.ts'

/** Replicas differ in how many samples lie below T_min: none, some, all. 75 values are no multiple of the 64 lanes. */
function velocityLossCase(sum: boolean, below: boolean, seed: number): OpCase {
  const low = [0, 2, 5]
  const [replicas, size, dimensions, capacity] = [low.length, 5, 75, 10]
  return {
    op: `velocity loss, ${sum ? 'sum' : 'mean'}${below ? ', also below T_min' : ''}`, shape: `R ${replicas}, B ${size}, d ${dimensions}, low ${low.join(' ')}`, seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const v = filled(recorder, random, 'v', { replicas, capacity: size, width: dimensions })
      const goal = filled(recorder, random, 'goal', { replicas, capacity, width: dimensions })
      const dv = blank(recorder, 'dv', { replicas, capacity: size, width: dimensions })
      const loss = recorder.tensor('loss', replicas * size)
      const knob = knobs(recorder, low.map(() => ({ t_min: 0.3, flow_below: below ? 1 : 0, sum_loss: sum ? 1 : 0 })))
      velocityLoss(recorder, replicas, size, dimensions, capacity, knob, state(recorder, low.map(count => ({ low: count }))), v.tensor, goal.tensor, dv.tensor, loss)

      const reduction = sum ? 'sum' : 'mean'
      const twinArguments = (r: number) => {
        const t = Float64Array.from({ length: size }, (_, i) => (i < low[r] ? 0.1 : 0.6))
        return [part(v, r, size), part(goal, r, size), regressionWeights(t, below ? 0 : 0.3), size, dimensions, reduction] as const
      }
      return [
        { name: 'dv', tensor: dv.tensor, expected: layOutAs(dv, replicas, r => velocityLossBackward(...twinArguments(r))) },
        { name: 'loss', tensor: loss, expected: () => layOut(replicas, size, r => velocityLossForward(...twinArguments(r)).perSample) },
      ]
    },
  }
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
  velocityLossCase(false, false, 901), velocityLossCase(true, false, 902), velocityLossCase(false, true, 903), velocityLossCase(true, true, 904), squaredErrorCase,
]
