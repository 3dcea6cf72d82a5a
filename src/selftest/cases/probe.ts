/** Softmax probes: several groups of features, several draws of labels, a feature that never varies, class counts not divisible by 4. */
import {
  makeProbes, type Probes, parts, probeAccuracy, probeAdamW, probeDescent, probeGradient, probeNeighbours, probeScale,
} from '../../ops/probe.ts'
import {
  adamWStep, neighboursCorrect, nesterovStep, probeCorrect, probeLoss, probeScale as scaleTwin,
} from '../../reference/probe.ts'
import type { Recorder } from '../../engine/recorder.ts'
import type { Random } from '../../reference/random.ts'
import { type Filled, filled, given, layOut, type OpCase, TOLERANCE } from '../case.ts'

const sizes = { groups: 2, images: 90, draws: 2, labelled: 23, width: 8, classes: 7 }
type Sizes = typeof sizes

interface Given {
  probes: Probes
  count: number
  scale: Filled
  weights: Filled
  penalty: Filled
  labels: Uint32Array
  /** Features of a probe's group, and its labelled rows. */
  x: (p: number) => Float64Array
  rows: (p: number) => Uint32Array
}

/** Column 5 is .3 for every image of group 0. */
function make(recorder: Recorder, random: Random, { groups, images, draws, labelled, width, classes }: Sizes = sizes): Given {
  const count = groups * draws
  const numbers = random.normals(groups * images * width).map((value, i) => (i < images * width && i % width === 5 ? 0.3 : 2 * value + 1))
  const features = given(recorder, 'features', { replicas: groups, capacity: images, width }, numbers)
  const labels = Uint32Array.from({ length: images }, () => Math.floor(random.uniform() * classes))
  const rows = Uint32Array.from({ length: draws * labelled }, () => Math.floor(random.uniform() * images))
  const weights = filled(recorder, random, 'weights', { replicas: count, capacity: classes, width: width + 4 })
  const scale = filled(recorder, random, 'scale', { replicas: count, capacity: 2, width }, { offset: 1 })
  const penalty = given(recorder, 'penalty', { replicas: count, capacity: 1, width: 1 }, Float64Array.from({ length: count }, (_, p) => 0.05 * p))
  const probes = {
    ...makeProbes(recorder, { groups, images, draws, labelled, width, classes }, features.tensor, recorder.constant('labels', labels)),
    rows: recorder.constant('rows', rows), weights: weights.tensor, scale: scale.tensor, penalty: penalty.tensor,
  }
  return {
    probes, count, scale, weights, penalty, labels,
    x: p => features.values.subarray(Math.floor(p / draws) * images * width, (Math.floor(p / draws) + 1) * images * width),
    rows: p => rows.subarray((p % draws) * labelled, (p % draws + 1) * labelled),
  }
}

const of = ({ values }: Filled, p: number, count: number) => values.subarray((p * values.length) / count, ((p + 1) * values.length) / count)

const lossOf = ({ x, rows, labels, scale, penalty, count, probes: { width, classes } }: Given, p: number, weights: Float64Array, chosen = rows(p)) =>
  probeLoss(x(p), chosen, labels, of(scale, p, count), weights, width, classes, penalty.values[p])

const shape = 'G 2, S 2, N 90, n 23, C 8, K 7'

function scaleCase(normalise: boolean, seed: number): OpCase {
  return {
    op: `probe scale${normalise ? ', one feature constant' : ' off'}`, shape, seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const all = make(recorder, random)
      const { probes, x, rows, count } = all
      probeScale(recorder, probes, normalise)
      const plain = Float64Array.from({ length: 16 }, (_, i) => (i < 8 ? 0 : 1))
      return [{ name: 'scale', tensor: probes.scale, expected: () => layOut(count, 16, p => (normalise ? scaleTwin(x(p), rows(p), 8) : plain)) }]
    },
  }
}

const gradientCase: OpCase = {
  op: 'probe gradient, some of the rows, one probe arrived', shape, seed: 1402, tolerance: TOLERANCE,
  record(recorder, random) {
    const all = make(recorder, random)
    const { rows, weights, count } = all
    const arrived = 2
    const progress = given(recorder, 'progress', { replicas: count, capacity: 1, width: 4 }, Float64Array.from({ length: 4 * count }, (_, i) => (i === 4 * arrived + 3 ? 1 : 0)))
    const probes = { ...all.probes, progress: progress.tensor }
    probeGradient(recorder, probes, 4, 17)
    const twin = (p: number) => lossOf(all, p, of(weights, p, count), rows(p).subarray(4, 21))
    return [
      { name: 'residual', tensor: probes.residual, expected: () => layOut(count, 17 * 7, p => (p === arrived ? [] : twin(p).residual)) },
      { name: 'gradient', tensor: probes.gradient, expected: () => layOut(count, 84, p => (p === arrived ? [] : twin(p).gradient)) },
    ]
  },
}

/** A probe that goes on, one that goes uphill and must restart, one at its first step, one that has arrived. */
const descentCase: OpCase = {
  op: 'probe descent, on, restarted, first and arrived', shape, seed: 1403, tolerance: TOLERANCE,
  record(recorder, random) {
    const all = make(recorder, random)
    const { probes, count, weights, penalty } = all
    const gradients = [0, 1, 2, 3].map(p => lossOf(all, p, of(weights, p, count)).gradient)
    const tolerance = Math.min(...gradients.map(gradient => Math.max(...gradient.map(Math.abs)))) * 1.001
    const curvature = 60
    // The step goes downhill from where the probe stood, or uphill, by where it is said to have stood.
    const before = given(recorder, 'before', { replicas: count, capacity: 7, width: 12 },
      weights.values.map((value, i) => value + (Math.floor(i / 84) === 1 ? -1 : 1) * gradients[Math.floor(i / 84)][i % 84]))
    const thetas = [4, 3, 0, 2]
    const progress = given(recorder, 'progress', { replicas: count, capacity: 1, width: 4 }, Float64Array.from({ length: 16 }, (_, i) => [thetas[Math.floor(i / 4)], 0, 9, 0][i % 4]))
    probeDescent(recorder, { ...probes, progress: progress.tensor }, before.tensor, tolerance, curvature)
    const twin = (p: number) => nesterovStep({ weights: of(weights, p, count), before: of(before, p, count), theta: thetas[p], greatest: 0, steps: 9 },
      gradients[p], curvature, penalty.values[p], tolerance)
    return [
      { name: 'weights', tensor: probes.weights, expected: () => layOut(count, 84, p => twin(p).weights) },
      { name: 'before', tensor: before.tensor, expected: () => layOut(count, 84, p => twin(p).before) },
      { name: 'progress', tensor: progress.tensor, expected: () => layOut(count, 4, p => [twin(p).theta, twin(p).greatest, twin(p).steps, twin(p).greatest <= tolerance ? 1 : 0]) },
    ]
  },
}

const adamWCase: OpCase = {
  op: 'probe AdamW, second of two steps', shape, seed: 1404, tolerance: TOLERANCE,
  record(recorder, random) {
    const all = make(recorder, random)
    const { probes, count, weights, rows } = all
    const size = { replicas: count, capacity: 7, width: 12 }
    const [first, second] = [filled(recorder, random, 'first', size, { scale: 0.1 }), given(recorder, 'second', size, random.uniforms(count * 84))]
    const pace = given(recorder, 'pace', { replicas: 1, capacity: 2, width: 4 }, Float64Array.of(9, 9, 9, 9, 0.01, 0.1, 1 / (1 - 0.9 ** 2), 1 / (1 - 0.999 ** 2)))
    probeAdamW(recorder, probes, { first: first.tensor, second: second.tensor, pace: pace.tensor }, 1, 3, 11)
    const twin = (p: number) => {
      const { gradient } = lossOf(all, p, of(weights, p, count), rows(p).subarray(3, 14))
      return adamWStep(of(weights, p, count), of(first, p, count), of(second, p, count), gradient, pace.values.subarray(4))
    }
    return [
      { name: 'weights', tensor: probes.weights, expected: () => layOut(count, 84, p => twin(p).weights) },
      { name: 'first', tensor: first.tensor, expected: () => layOut(count, 84, p => twin(p).first) },
      { name: 'second', tensor: second.tensor, expected: () => layOut(count, 84, p => twin(p).second) },
    ]
  },
}

/** More images than one workgroup holds, from the middle. */
const accuracyCase: OpCase = {
  op: 'probe accuracy', shape, seed: 1405, tolerance: 0,
  record(recorder, random) {
    const { probes, count, weights, scale, labels, x } = make(recorder, random)
    const [start, asked] = [15, 70]
    const correct = recorder.tensor('correct', count * parts(asked))
    probeAccuracy(recorder, probes, start, asked, correct)
    const twin = (p: number, from: number, many: number) => probeCorrect(x(p), labels, of(scale, p, count), of(weights, p, count), 8, 7, from, many)
    return [{ name: 'correct', tensor: correct, expected: () => layOut(count, 2, p => [twin(p, start, 64), twin(p, start + 64, 6)]) }]
  },
}

const neighboursCase: OpCase = {
  op: 'probe neighbours', shape: 'G 2, N 90, bank 20, k 3, C 8', seed: 1406, tolerance: 0,
  record(recorder, random) {
    const { probes, labels, x } = make(recorder, random)
    const [start, asked] = [20, 70]
    const correct = recorder.tensor('correct', 2 * parts(asked))
    probeNeighbours(recorder, { groups: 2, images: 90, width: 8, bank: 20, near: 3 }, probes.features, probes.labels, start, asked, correct)
    const twin = (g: number, from: number, many: number) => neighboursCorrect(x(2 * g), labels, 8, 20, 3, from, many)
    return [{ name: 'correct', tensor: correct, expected: () => layOut(2, 2, g => [twin(g, start, 64), twin(g, start + 64, 6)]) }]
  },
}

export const probeCases: OpCase[] = [scaleCase(true, 1400), scaleCase(false, 1401), gradientCase, descentCase, adamWCase, accuracyCase, neighboursCase]
