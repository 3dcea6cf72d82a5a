/**
 * Outputs read as velocities, and the error that is minimised. Replicas predict the velocity, the image and the noise, along the linear path or each along
 * another; levels lie on both sides of the clamp.
 */
import type { Recorder } from '../../engine/recorder.ts'
import { makePath } from '../../flow/paths.ts'
import { LINEAR, placeOn } from '../../flow/place.ts'
import { readOutput, scaleOutput, skipBackward, weighError, weighErrorBackward } from '../../ops/reading.ts'
import { errorWeight, type Quantity, reading } from '../../reference/reading.ts'
import { type Filled, filled, given, layOut, type OpCase, part, TOLERANCE } from '../case.ts'
import { knobs, paths } from '../structs.ts'

const QUANTITIES: Quantity[] = ['velocity', 'image', 'noise']
const ERRORS = [...QUANTITIES, 'middle'] as const
const CURVED = [makePath('cosine'), makePath('power', { p: 0.5 }), makePath('vp')]
const STRAIGHT = [LINEAR, LINEAR, LINEAR]
const LEAST = Math.fround(0.05)
const [replicas, samples, capacity, dimensions] = [3, 4, 6, 75]

const pathsFor = (recorder: Recorder, each: typeof CURVED) => (each === STRAIGHT ? null : paths(recorder, each))

const levelsOf = (recorder: Recorder) =>
  given(recorder, 't', { replicas, capacity, width: 1 }, Float64Array.from({ length: replicas * capacity }, (_, i) => [0.01, 0.3, 0.98, 0.5, 7, 7][i % capacity]))

/** Values (samples,d) of one replica times what its samples' levels say. */
const times = (values: Float64Array, t: Filled, r: number, factor: (t: number) => number) => values.map((value, k) => factor(part(t, r, samples)[Math.floor(k / dimensions)]) * value)

const readingCase = (op: string, along: typeof CURVED, seed: number): OpCase => ({
  op, shape: `R ${replicas}, B ${samples}, d ${dimensions}`, seed, tolerance: TOLERANCE,
  record(recorder, random) {
    const t = levelsOf(recorder)
    const x = filled(recorder, random, 'x', { replicas, capacity, width: dimensions })
    const [u, dv] = ['u', 'dv'].map(name => filled(recorder, random, name, { replicas, capacity: samples, width: dimensions }))
    const dx = filled(recorder, random, 'dx', { replicas, capacity: samples, width: dimensions })
    const levels = { knobs: knobs(recorder, QUANTITIES.map((_, prediction) => ({ prediction, least: LEAST }))), paths: pathsFor(recorder, along), t: t.tensor, capacity }
    const size = { replicas, samples, dimensions }
    const [v, du] = ['v', 'du'].map(name => recorder.tensor(name, replicas * samples * dimensions))
    readOutput(recorder, size, levels, { tensor: x.tensor, capacity }, u.tensor, v)
    scaleOutput(recorder, size, levels, dv.tensor, du)
    skipBackward(recorder, size, levels, dv.tensor, dx.tensor)
    const of = (r: number) => (level: number) => reading(QUANTITIES[r], level, LEAST, placeOn(along[r], level))
    const skipped = (r: number, values: Float64Array) => times(values, t, r, level => of(r)(level).skip)
    const out = (r: number, values: Float64Array) => times(values, t, r, level => of(r)(level).out)
    const each = samples * dimensions
    return [
      { name: 'v', tensor: v, expected: () => layOut(replicas, each, r => out(r, part(u, r, samples)).map((value, k) => value + skipped(r, part(x, r, samples))[k])) },
      { name: 'du', tensor: du, expected: () => layOut(replicas, each, r => out(r, part(dv, r, samples))) },
      { name: 'dx', tensor: dx.tensor, expected: () => layOut(replicas, each, r => part(dx, r, samples).map((value, k) => value + skipped(r, part(dv, r, samples))[k])) },
    ]
  },
})

function weighCase(error: (typeof ERRORS)[number], seed: number, along = STRAIGHT): OpCase {
  return {
    op: `weigh error, ${error}${along === STRAIGHT ? '' : ', curved paths'}`, shape: `R ${replicas}, B ${samples}, d ${dimensions}`, seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const t = levelsOf(recorder)
      const [v, dp] = ['v', 'dp'].map(name => filled(recorder, random, name, { replicas, capacity: samples, width: dimensions }))
      const goal = filled(recorder, random, 'goal', { replicas, capacity, width: dimensions })
      const knob = knobs(recorder, QUANTITIES.map((_, prediction) => ({ prediction, error_of: ERRORS.indexOf(error), least: LEAST })))
      const [p, dv] = ['p', 'dv'].map(name => recorder.tensor(name, replicas * samples * dimensions))
      const q = recorder.tensor('q', replicas * capacity * dimensions)
      const batch = { dimensions, capacity, goal: goal.tensor, paths: pathsFor(recorder, along), t: t.tensor }
      weighError(recorder, replicas, samples, batch, knob, v.tensor, p, q)
      weighErrorBackward(recorder, replicas, samples, batch, knob, dp.tensor, dv)
      const root = (r: number, values: Float64Array) => times(values, t, r, level => errorWeight(QUANTITIES[r], error, level, LEAST, placeOn(along[r], level)).root)
      const each = samples * dimensions
      return [
        { name: 'p', tensor: p, expected: () => layOut(replicas, each, r => root(r, part(v, r, samples))) },
        { name: 'q', tensor: q, expected: () => layOut(replicas, capacity * dimensions, r => root(r, times(part(goal, r, samples), t, r, level => errorWeight(QUANTITIES[r], error, level, LEAST, placeOn(along[r], level)).target))) },
        { name: 'dv', tensor: dv, expected: () => layOut(replicas, each, r => root(r, part(dp, r, samples))) },
      ]
    },
  }
}

export const readingCases: OpCase[] = [
  readingCase('read output', STRAIGHT, 1701), readingCase('read output, curved paths', CURVED, 1705), weighCase('velocity', 1702), weighCase('image', 1703), weighCase('noise', 1704),
  weighCase('middle', 1706), weighCase('image', 1707, CURVED), weighCase('noise', 1708, CURVED),
]
