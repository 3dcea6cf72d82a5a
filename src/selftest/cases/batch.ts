/** Noise from counters, the path between data and noise, and a solver's step along it. */
import { normals, philox, STREAM_CANDIDATE, STREAM_FRESH_NOISE, STREAM_NOISE } from '../../engine/philox.ts'
import { empiricalVelocity } from '../../flow/empirical.ts'
import { makePath, pathFamilies } from '../../flow/paths.ts'
import { LEAST_LEVEL, placeOn } from '../../flow/place.ts'
import { averageGoal, interpolate, makeBatch, noise } from '../../ops/batch.ts'
import { interpolate as interpolateTwin } from '../../reference/interpolate.ts'
import { filled, given, layOut, type OpCase, part, TOLERANCE } from '../case.ts'
import { knobs, paths, state } from '../structs.ts'

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

/** Of the image (1,0) and the noise (0,1) x_t is (α,β) and v* is (α′,β′): every path over all of t, within the rounding of its numbers. */
const pathCase: OpCase = {
  op: 'interpolate along every path', shape: 'R 8, B 640, d 2', seed: 1208, tolerance: 1e-6,
  record(recorder) {
    const families = Object.keys(pathFamilies).map(id => makePath(id, id === 'power-noise' ? { p: 0.5 } : {}))
    const [replicas, samples] = [families.length, 640]
    const levels = Float64Array.from({ length: samples }, (_, i) => [0, 1, LEAST_LEVEL, 1e-6, 0.5][i] ?? LEAST_LEVEL ** (1 - i / samples))
    const t = given(recorder, 't', { replicas, capacity: samples, width: 1 }, layOut(replicas, samples, () => levels))
    const eps = recorder.constant('eps', Float32Array.from({ length: replicas * samples * 2 }, (_, i) => i % 2))
    const made = { ...makeBatch(recorder, replicas, samples, 2, false), t: t.tensor, eps, paths: paths(recorder, families) }
    interpolate(recorder, { replicas, samples }, recorder.constant('data', Float32Array.of(1, 0)), null, made)
    const twin = (r: number) => interpolateTwin(Float64Array.from({ length: 2 * samples }, (_, i) => 1 - (i % 2)), Float64Array.from({ length: 2 * samples }, (_, i) => i % 2), part(t, r, samples), samples, 2, level => placeOn(families[r], level))
    const output = (name: string, tensor: typeof eps, r: number, values: () => Float64Array) => ({ name: `${name}, ${families[r].id}`, tensor, at: Array.from({ length: 2 * samples }, (_, i) => r * 2 * samples + i), expected: values })
    return families.flatMap((_, r) => [output('xt', made.xt, r, () => twin(r).xt), output('goal', made.goal, r, () => twin(r).target)])
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

/** As on the linear path, but for what closed-form flow matching says along another: v* + (x0 − D) W/β with the posterior mean D of x_t = α x_k + β ε. */
const averageAlongCase: OpCase = {
  op: 'average goal, curved paths', shape: 'R 2, B 4, d 12, 40 images', seed: 1209, tolerance: 1e-5,
  record(recorder, random) {
    const [samples, dimensions, images] = [4, 12, 40]
    const along = [makePath('cosine'), makePath('ve', { sigmaMax: 2 })]
    const replicas = along.length
    const data = filled(recorder, random, 'data', { replicas: 1, capacity: images, width: dimensions })
    const row = Uint32Array.from({ length: replicas * samples }, () => Math.floor(random.uniform() * images))
    const t = given(recorder, 't', { replicas, capacity: samples, width: 1 }, Float64Array.from({ length: replicas * samples }, (_, i) => [0.3, 0.6, 0.9, 1][i % samples]))
    const eps = filled(recorder, random, 'eps', { replicas, capacity: samples, width: dimensions })
    const made = { ...makeBatch(recorder, replicas, samples, dimensions, false), row: recorder.constant('row', row), t: t.tensor, eps: eps.tensor, paths: paths(recorder, along) }
    interpolate(recorder, { replicas, samples }, data.tensor, null, made)
    averageGoal(recorder, replicas, samples, data.tensor, knobs(recorder, along.map((_, r) => ({ seed: r, images, candidates: 1024, own_candidate: 1 }))), state(recorder, along.map(() => ({}))), made)
    const twin = (r: number) => {
      const goal = new Float64Array(samples * dimensions)
      for (let b = 0; b < samples; b++) {
        const { alpha, beta, dalpha, dbeta, wronskian } = placeOn(along[r], part(t, r, samples)[b])
        const image = (n: number) => data.values.subarray(n * dimensions, (n + 1) * dimensions)
        const noise = part(eps, r, samples).subarray(b * dimensions, (b + 1) * dimensions)
        const x0 = image(row[r * samples + b])
        const x = x0.map((value, k) => alpha * value + beta * noise[k])
        const logs = Array.from({ length: images }, (_, n) => -image(n).reduce((sum, value, k) => sum + (x[k] - alpha * value) ** 2, 0) / (2 * beta ** 2))
        const weights = logs.map(log => Math.exp(log - Math.max(...logs)))
        const all = weights.reduce((sum, weight) => sum + weight, 0)
        for (let k = 0; k < dimensions; k++) {
          const mean = weights.reduce((sum, weight, n) => sum + (weight / all) * image(n)[k], 0)
          goal[b * dimensions + k] = dalpha * x0[k] + dbeta * noise[k] + ((x0[k] - mean) * wronskian) / beta
        }
      }
      return goal
    }
    return [{ name: 'goal', tensor: made.goal, expected: () => layOut(replicas, samples * dimensions, twin) }]
  },
}

export const batchCases: OpCase[] = [noiseCase(75, 1201), noiseCase(64, 1202), interpolateCase, pathCase, averageCase, averageAlongCase]
