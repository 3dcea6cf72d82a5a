/** Noise from counters, the path between data and noise, and a solver's step along it. */
import { normals, philox, STREAM_CANDIDATE, STREAM_FRESH_NOISE, STREAM_NOISE } from '../../engine/philox.ts'
import { empiricalVelocity } from '../../flow/empirical.ts'
import { averageGoal, interpolate, makeBatch, noise } from '../../ops/batch.ts'
import { interpolate as interpolateTwin } from '../../reference/interpolate.ts'
import { filled, given, layOut, type OpCase, part, TOLERANCE } from '../case.ts'
import { knobs, state } from '../structs.ts'

/** The GPU's own log, sin and cos make the normals. */
const NOISE_TOLERANCE = 1e-5

/** The last three samples are anchors, whose source is a sample of the batch: the same noise in replica 0, noise of their own in replica 1. */
function noiseCase(dimensions: number, seed: number): OpCase {
  const [replicas, batch, samples, capacity, step] = [2, 5, 8, 10, 41]
  return {
    op: 'noise', shape: `R ${replicas}, B ${batch} and ${samples - batch} anchors, d ${dimensions}`, seed, tolerance: NOISE_TOLERANCE,
    record(recorder) {
      const source = Uint32Array.from({ length: replicas * capacity }, (_, i) => [3, 0, 4, 1, 2, 3, 0, 4, 9, 9][i % capacity])
      const made = { ...makeBatch(recorder, replicas, capacity, dimensions, false), source: recorder.constant('source', source) }
      const knob = knobs(recorder, [{ seed: 11 }, { seed: 12, fresh_noise: 1 }])
      noise(recorder, { replicas, samples }, batch, knob, state(recorder, [{ step }, { step }]), made)
      const parts = Math.ceil(dimensions / 4)
      const twin = (r: number) => {
        const values = new Float64Array(samples * dimensions)
        for (let sample = 0; sample < samples; sample++) {
          const stream = r === 1 && sample >= batch ? STREAM_FRESH_NOISE : STREAM_NOISE
          for (let i = 0; i < dimensions; i++) {
            const words = philox(source[r * capacity + sample] * parts + Math.floor(i / 4), step, stream, 0, 11 + r, 0)
            values[sample * dimensions + i] = normals(words)[i % 4]
          }
        }
        return values
      }
      return [{ name: 'eps', tensor: made.eps, expected: () => layOut(replicas, capacity * dimensions, twin) }]
    },
  }
}

const interpolateCase: OpCase = {
  op: 'interpolate and gather labels', shape: 'R 2, B 5, d 75, 9 images', seed: 1203, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, samples, capacity, dimensions, images] = [2, 5, 7, 75, 9]
    const data = filled(recorder, random, 'data', { replicas: 1, capacity: images, width: dimensions })
    const classes = Uint32Array.from({ length: images }, (_, i) => (i * 7) % 4)
    const row = Uint32Array.from({ length: replicas * capacity }, () => Math.floor(random.uniform() * images))
    const t = given(recorder, 't', { replicas, capacity, width: 1 }, Float64Array.from({ length: replicas * capacity }, (_, i) => [0, 1, 0.02][i] ?? random.uniform()))
    const eps = filled(recorder, random, 'eps', { replicas, capacity, width: dimensions })
    const made = { ...makeBatch(recorder, replicas, capacity, dimensions, true), row: recorder.constant('row', row), t: t.tensor, eps: eps.tensor }
    interpolate(recorder, { replicas, samples }, data.tensor, recorder.constant('classes', classes), made)
    const twin = (r: number) => {
      const x0 = new Float64Array(samples * dimensions)
      for (let b = 0; b < samples; b++) x0.set(data.values.subarray(row[r * capacity + b] * dimensions, (row[r * capacity + b] + 1) * dimensions), b * dimensions)
      return interpolateTwin(x0, part(eps, r, samples), part(t, r, samples), samples, dimensions)
    }
    const labels = () => Uint32Array.from({ length: replicas * capacity }, (_, i) => (i % capacity < samples ? classes[row[i]] : 0))
    return [
      { name: 'xt', tensor: made.xt, expected: () => layOut(replicas, capacity * dimensions, r => twin(r).xt) },
      { name: 'goal', tensor: made.goal, expected: () => layOut(replicas, capacity * dimensions, r => twin(r).target) },
      { name: 'labels', tensor: made.labels!, expected: labels },
    ]
  },
}

/** Replica 0: all images; 1: some, the own first; 2: some without it; 3: only the own; 4: its own target. */
const averageCase: OpCase = {
  op: 'average goal', shape: 'R 5, B 6, d 27, 150 images', seed: 1207, tolerance: 1e-5, // exponentials of differences of distances
  record(recorder, random) {
    const [samples, capacity, dimensions, images, step] = [6, 7, 27, 150, 23]
    const knob = [{ candidates: 1024, own_candidate: 1 }, { candidates: 90, own_candidate: 1 }, { candidates: 70, own_candidate: 0 }, { candidates: 1, own_candidate: 1 }, { candidates: 0, own_candidate: 0 }].map((one, r) => ({ seed: 30 + r, images, ...one }))
    const replicas = knob.length
    const data = filled(recorder, random, 'data', { replicas: 1, capacity: images, width: dimensions })
    const row = Uint32Array.from({ length: replicas * capacity }, () => Math.floor(random.uniform() * images))
    const t = given(recorder, 't', { replicas, capacity, width: 1 }, Float64Array.from({ length: replicas * capacity }, (_, i) => [1, 0.02, 0.4, 0.7][i % capacity] ?? 0.3 + 0.6 * random.uniform()))
    const eps = filled(recorder, random, 'eps', { replicas, capacity, width: dimensions })
    const made = { ...makeBatch(recorder, replicas, capacity, dimensions, false), row: recorder.constant('row', row), t: t.tensor, eps: eps.tensor }
    interpolate(recorder, { replicas, samples }, data.tensor, null, made)
    averageGoal(recorder, replicas, samples, data.tensor, knobs(recorder, knob), state(recorder, knob.map(() => ({ step }))), made)
    const image = (n: number) => data.values.subarray(n * dimensions, (n + 1) * dimensions)
    const joined = (rows: number[]) => Float64Array.from(rows.flatMap(n => [...image(n)]))
    const drawn = (r: number, k: number) => Number((BigInt(philox(Math.floor(k / 4), step, STREAM_CANDIDATE, 0, 30 + r, 0)[k % 4]) * BigInt(images)) >> 32n)
    const twin = (r: number) => {
      const own = (b: number) => row[r * capacity + b]
      const { xt, target } = interpolateTwin(joined(Array.from({ length: samples }, (_, b) => own(b))), part(eps, r, samples), part(t, r, samples), samples, dimensions)
      const { candidates, own_candidate: with_own } = knob[r]
      if (candidates === 0) return target
      const chosen = (b: number) => (candidates >= images ? Array.from({ length: images }, (_, n) => n) : Array.from({ length: candidates }, (_, k) => (k === 0 && with_own ? own(b) : drawn(r, k))).filter(n => with_own || n !== own(b)))
      const goal = new Float64Array(samples * dimensions)
      for (let b = 0; b < samples; b++) empiricalVelocity({ points: joined(chosen(b)), dimensions }, xt.subarray(b * dimensions, (b + 1) * dimensions), part(t, r, samples)[b], goal.subarray(b * dimensions, (b + 1) * dimensions))
      return goal
    }
    return [{ name: 'goal', tensor: made.goal, expected: () => layOut(replicas, capacity * dimensions, twin) }]
  },
}

export const batchCases: OpCase[] = [noiseCase(75, 1201), noiseCase(64, 1202), interpolateCase, averageCase]
