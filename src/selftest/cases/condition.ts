/** What the net is told: the noise level as a sinusoid, where every digit of a small t counts, and the label. */
import { align, type Recorder } from '../../engine/recorder.ts'
import { labelEmbedding, labelEmbeddingBackward, selfCondition, selfConditionBackward, TIME_FEATURES, timeFeatures, timeFrequencies } from '../../ops/condition.ts'
import { silu } from '../../reference/activations.ts'
import type { Random } from '../../reference/random.ts'
import { timeFeatures as timeTwin } from '../../reference/time_features.ts'
import { blank, filled, given, layOutAs, type OpCase, part, TOLERANCE } from '../case.ts'

const timeCase: OpCase = {
  op: 'time features', shape: 'R 2, B 24, t from 1e-6 to 1', seed: 601, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, samples, capacity] = [2, 24, 25]
    const edges = [1e-6, 1e-4, 1.5e-4, 0.02, 0.05, 0.5, 1 - 2 ** -24, 1]
    const levels = Float64Array.from({ length: replicas * capacity }, (_, i) => edges[i % capacity] ?? random.uniform())
    const t = given(recorder, 't', { replicas, capacity, width: 1 }, levels)
    const features = blank(recorder, 'features', { replicas, capacity, width: TIME_FEATURES })
    timeFeatures(recorder, { replicas, samples }, t.tensor, recorder.constant('frequencies', timeFrequencies()), features)
    return [{ name: 'features', tensor: features.tensor, expected: layOutAs(features, replicas, r => timeTwin(part(t, r, samples))) }]
  },
}

const labelSize = { replicas: 2, samples: 7, capacity: 9, classes: 5, width: 20 }

/** A label table in the middle of the parameters, and labels of which some repeat and some never come. */
function labelInputs(recorder: Recorder, random: Random) {
  const { replicas, capacity, classes, width } = labelSize
  const offset = 64
  const length = offset + align(classes * width) + 64
  const all = filled(recorder, random, 'parameters', { replicas, capacity: 1, width: length })
  const labels = Uint32Array.from({ length: replicas * capacity }, (_, i) => [0, 3, 3, 4, 0, 3, 1][i % capacity] ?? 2)
  return {
    offset, length, labels, labelTensor: recorder.constant('labels', labels), table: { offset, rows: classes, width },
    parameters: { tensor: all.tensor, replicas, length },
    entry: (replica: number, label: number, c: number) => all.values[replica * length + offset + label * width + c],
  }
}

const labelCase: OpCase = {
  op: 'label embedding', shape: 'R 2, B 7, 5 classes, C 20', seed: 602, tolerance: TOLERANCE,
  record(recorder, random) {
    const { replicas, samples, capacity, width } = labelSize
    const { labels, labelTensor, table, parameters, entry } = labelInputs(recorder, random)
    const c = filled(recorder, random, 'c', { replicas, capacity, width })
    const active = recorder.tensor('active', replicas * capacity * width)
    labelEmbedding(recorder, { replicas, samples }, parameters, table, labelTensor, c, active)
    const sum = (r: number) => part(c, r, samples).map((value, i) => value + entry(r, labels[r * capacity + Math.floor(i / width)], i % width))
    // c changes in place: beyond the samples it keeps what it had.
    const kept = (r: number) => part(c, r, capacity).map((value, i) => (i < samples * width ? sum(r)[i] : value))
    return [
      { name: 'c', tensor: c.tensor, expected: layOutAs(c, replicas, kept) },
      { name: 'active', tensor: active, expected: layOutAs(c, replicas, r => sum(r).map(silu)) },
    ]
  },
}

const labelBackwardCase: OpCase = {
  op: 'label embedding backward', shape: 'R 2, B 7, 5 classes, C 20', seed: 603, tolerance: TOLERANCE,
  record(recorder, random) {
    const { replicas, samples, capacity, width } = labelSize
    const { offset, length, labels, labelTensor, table, parameters } = labelInputs(recorder, random)
    const dc = filled(recorder, random, 'dc', { replicas, capacity: capacity + 1, width })
    const planes = recorder.tensor('planes', 2 * replicas * length)
    labelEmbeddingBackward(recorder, { replicas, samples }, parameters, table, labelTensor, capacity, dc, planes)
    const expected = () => {
      const result = new Float64Array(2 * replicas * length)
      for (let r = 0; r < replicas; r++) {
        part(dc, r, samples).forEach((value, i) => { result[r * length + offset + labels[r * capacity + Math.floor(i / width)] * width + (i % width)] += value })
      }
      return result
    }
    return [{ name: 'dtable', tensor: planes, expected }]
  },
}

const selfCase: OpCase = {
  op: 'self-condition', shape: 'R 2, B 7, C 20', seed: 604, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, samples, width] = [2, 7, 20]
    const c = filled(recorder, random, 'c', { replicas, capacity: 9, width })
    const late = filled(recorder, random, 'late c', { replicas, capacity: 8, width })
    const active = blank(recorder, 'late condition', { replicas, capacity: 8, width })
    selfCondition(recorder, { replicas, samples }, c, late, active.tensor)
    const sum = (r: number) => part(late, r, samples).map((value, i) => value + part(c, r, samples)[i])
    return [
      { name: 'late c', tensor: late.tensor, expected: layOutAs(late, replicas, r => part(late, r, 8).map((value, i) => sum(r)[i] ?? value)) },
      { name: 'late condition', tensor: active.tensor, expected: layOutAs(active, replicas, r => sum(r).map(silu)) },
    ]
  },
}

const selfBackwardCase: OpCase = {
  op: 'self-condition backward', shape: 'R 3, one of which holds it, B 7, C 20', seed: 605, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, samples, width] = [3, 7, 20]
    const [dlate, dc] = ['d late c', 'd c'].map(name => filled(recorder, random, name, { replicas, capacity: 8, width }))
    const dtrained = blank(recorder, 'd self-condition', { replicas, capacity: 8, width })
    const learns = [1, 0, 1]
    selfConditionBackward(recorder, { replicas, samples }, dlate, recorder.constant('learns', Float32Array.from(learns)), dc, dtrained)
    return [
      { name: 'd c', tensor: dc.tensor, expected: layOutAs(dc, replicas, r => part(dc, r, 8).map((value, i) => value + (i < samples * width ? part(dlate, r, 8)[i] : 0))) },
      { name: 'd self-condition', tensor: dtrained.tensor, expected: layOutAs(dtrained, replicas, r => part(dlate, r, samples).map(value => learns[r] * value)) },
    ]
  },
}

export const conditionCases: OpCase[] = [timeCase, labelCase, labelBackwardCase, selfCase, selfBackwardCase]
