/** Noise levels and data rows from counters: the same bits as the TypeScript twin, low-noise samples first, anchors B places later. */
import { philox, STREAM_BATCH, STREAM_LABEL_DROP, STREAM_NEGATIVE, uniformOpen } from '../../engine/philox.ts'
import { drawTimes, type TimeSampler } from '../../flow/times.ts'
import { draw, drawNegatives, dropLabels, makeBatch, NONE } from '../../ops/batch.ts'
import { type OpCase, type Output, TOLERANCE } from '../case.ts'
import { knobs, state, stateOutput } from '../structs.ts'

/** Word of an element in a stream. */
const wordOf = (seed: number, step: number, stream: number, element: number) => philox(element >>> 2, step, stream, 0, seed, 0)[element & 3]

interface Setting {
  seed: number
  step: number
  tMin: number
  lambda: number
  lambdaStart: number
  lambdaRamp: number
  stratified: boolean
  /** Of the shape's, where it draws from fewer. */
  images?: number
  /** Samples of the whole batch that it learns from, where these are not all. */
  learned?: number
  times?: TimeSampler
}

interface Shape {
  batch: number
  anchored: boolean
  images: number
  /** Micro-batches of `batch` samples, and which of them this is. */
  parts?: number
  part?: number
}

/** What one replica draws. */
function twin({ seed, step, tMin, lambda, lambdaStart, lambdaRamp, stratified, ...own }: Setting, { batch, anchored, parts = 1, part = 0, ...shape }: Shape) {
  const images = own.images ?? shape.images
  const capacity = anchored ? 2 * batch : batch
  const learned = own.learned ?? parts * batch
  const strata = stratified ? Math.ceil(Math.fround(tMin * learned)) : 0
  const drawn = drawTimes(own.times ?? { mean: 0, scale: 0 }, seed, step, parts * batch)
  const levels = Array.from(drawn, (u, i) => {
    if (strata === 0) return i < learned ? u : Math.max(u, tMin)
    return i < strata ? Math.fround(tMin * u) : Math.fround(tMin + Math.fround(1 - tMin) * u)
  })
  const wholeLow = levels.filter(level => level < tMin).length
  const numbers = levels.map((_, i) => i).filter(i => i % parts === part)
  const low = numbers.filter(i => levels[i] < tMin)
  const order = [...low, ...numbers.filter(i => levels[i] >= tMin)]
  let ramped = step >= lambdaStart ? lambda : 0
  if (lambdaRamp > 0) ramped *= Math.min(1, Math.max(0, step - lambdaStart) / lambdaRamp)
  const contrast = ramped > 0 && anchored
  const whole = [...levels.keys()].sort((a, b) => Number(levels[a] >= tMin) - Number(levels[b] >= tMin) || a - b)
  const [t, source, row] = [new Float32Array(capacity), new Uint32Array(capacity), new Uint32Array(capacity)]
  const put = (place: number, i: number, level: number) => {
    t[place] = level
    source[place] = i
    row[place] = Math.floor((wordOf(seed, step, STREAM_BATCH, i) * images) / 2 ** 32) // below 2^53, so exact
  }
  order.forEach((i, place) => {
    put(place, i, levels[i])
    if (anchored) put(place + batch, i, tMin)
  })
  return { t, source, row, place: order.map(i => whole.indexOf(i)), low: low.length, anchors: contrast ? low.length : 0, wholeLow, wholeAnchors: contrast ? wholeLow : 0, lambda: ramped }
}

function drawCase(op: string, shape: Shape, settings: Setting[], seed: number): OpCase {
  const { batch, anchored, images, parts, part = 0 } = shape
  const replicas = settings.length
  return {
    op, shape: `R ${replicas}, B ${batch}${parts ? `, part ${part} of ${parts}` : ''}, ${images} images`, seed, tolerance: settings.some(each => each.times) ? TOLERANCE : 1e-7,
    record(recorder) {
      const capacity = anchored ? 2 * batch : batch
      const knob = knobs(recorder, settings.map(each => ({
        seed: each.seed, images: each.images ?? images, batch: each.learned ?? batch * (parts ?? 1), t_min: each.tMin, lambda: each.lambda, lambda_start: each.lambdaStart, lambda_ramp: each.lambdaRamp, stratified: each.stratified ? 1 : 0, time_mean: each.times?.mean ?? 0, time_scale: each.times?.scale ?? 0, time_sigma: each.times?.sigma ?? 0,
      })))
      const states = state(recorder, settings.map(each => ({ step: each.step, part })))
      const made = { ...makeBatch(recorder, replicas, capacity, 4, false), place: parts ? recorder.tensor('place', replicas * batch) : null }
      draw(recorder, replicas, batch, knob, states, made, parts)
      const twins = settings.map(each => twin(each, shape))
      const bits = (name: 'source' | 'row'): Output => ({ name, tensor: made[name], expected: () => Uint32Array.from(twins.flatMap(each => [...each[name]])) })
      const levels = Float32Array.from(twins.flatMap(each => [...each.t]))
      return [
        // A driver may fuse t_min + (1 − t_min) u, so only plain uniform levels are the same everywhere to the last bit.
        { name: 't', tensor: made.t, expected: () => (settings.some(each => each.stratified || each.times) ? Float64Array.from(levels) : new Uint32Array(levels.buffer)) },
        bits('source'), bits('row'), ...(made.place ? [{ name: 'place', tensor: made.place, expected: () => Uint32Array.from(twins.flatMap(each => each.place)) }] : []),
        stateOutput(states, 'low', replicas, r => twins[r].low), stateOutput(states, 'anchors', replicas, r => twins[r].anchors),
        stateOutput(states, 'whole_low', replicas, r => twins[r].wholeLow), stateOutput(states, 'whole_anchors', replicas, r => twins[r].wholeAnchors),
        stateOutput(states, 'lambda', replicas, r => twins[r].lambda),
      ]
    },
  }
}

/** Whose target each of a batch is pushed from, by each policy, with and without labels. Replicas: any, another class, a permutation; the same of the first 20. */
function negativesCase(labelled: boolean, seed: number): OpCase {
  const [policies, batch, capacity, step] = [[0, 1, 2, 0, 1, 2], 37, 40, 5]
  const replicas = policies.length
  const learned = (r: number) => (r < 3 ? batch : 20)
  return {
    op: `draw negatives, ${labelled ? 'labels' : 'no labels'}`, shape: `R ${replicas}, B ${batch}`, seed, tolerance: 0,
    record(recorder) {
      // All samples but one are of one class.
      const labels = Uint32Array.from({ length: replicas * capacity }, (_, i) => (i % capacity < batch && i % capacity !== 7 ? 2 : i % 5))
      const made = { ...makeBatch(recorder, replicas, capacity, 4, false), labels: labelled ? recorder.constant('labels', labels) : null }
      const negative = recorder.tensor('negative', replicas * batch)
      drawNegatives(recorder, replicas, batch, knobs(recorder, policies.map((policy, r) => ({ seed: 9, batch: learned(r), negatives: policy }))), state(recorder, policies.map(() => ({ step }))), made, negative)
      const high = (word: number, count: number) => Math.floor((word * count) / 2 ** 32)
      const twinOf = (r: number): number[] => {
        const words = Array.from({ length: learned(r) }, (_, i) => wordOf(9, step, STREAM_NEGATIVE, i))
        if (policies[r] === 2) return words.map((_, i) => i).sort((a, b) => words[a] - words[b] || a - b)
        return words.map((word, i) => {
          const own = labels[r * capacity + i]
          const others = words.map((_, j) => j).filter(j => labels[r * capacity + j] !== own)
          return labelled && policies[r] === 1 && others.length > 0 ? others[high(word, others.length)] : (i + 1 + high(word, learned(r) - 1)) % learned(r)
        })
      }
      return [{ name: 'negative', tensor: negative, expected: () => Uint32Array.from(policies.flatMap((_, r) => [...twinOf(r), ...Array<number>(batch - learned(r)).fill(NONE)])) }]
    },
  }
}

/** Labels left out, also of anchors, whose source is a sample of the batch. Replicas: none is pushed from another, all are, all but those without label are. */
const dropCase: OpCase = {
  op: 'drop labels', shape: 'R 3, B 37 and 3 anchors', seed: 1108, tolerance: 0,
  record(recorder) {
    const [replicas, batch, samples, capacity, step, classes, labelDrop] = [3, 37, 40, 44, 5, 4, 0.25]
    const source = Uint32Array.from({ length: replicas * capacity }, (_, i) => ((i % capacity) * 5) % batch)
    const given = Uint32Array.from({ length: replicas * capacity }, (_, i) => i % classes)
    const other = Uint32Array.from({ length: replicas * batch }, (_, i) => (i + 1) % batch)
    const made = { ...makeBatch(recorder, replicas, capacity, 4, false), source: recorder.constant('source', source), labels: recorder.constant('labels', given) }
    const negative = recorder.constant('negative', other)
    const knob = knobs(recorder, [0, 0, 1].map((skip, r) => ({ seed: 9 + r, null_skip: skip })))
    dropLabels(recorder, { replicas, samples }, batch, { classes, labelDrop }, knob, state(recorder, [0, 0, 0].map(() => ({ step }))), made, negative)
    const dropped = (r: number, place: number) => uniformOpen(wordOf(9 + r, step, STREAM_LABEL_DROP, source[r * capacity + place])) < labelDrop
    return [
      { name: 'labels', tensor: made.labels, expected: () => given.map((label, i) => (i % capacity < samples && dropped(Math.floor(i / capacity), i % capacity) ? classes : label)) },
      { name: 'negative', tensor: negative, expected: () => other.map((number, i) => (i >= 2 * batch && dropped(2, i % batch) ? NONE : number)) },
    ]
  },
}

const plain: Setting = { seed: 7, step: 12, tMin: Math.fround(0.3), lambda: 0.5, lambdaStart: 0, lambdaRamp: 0, stratified: false }

export const drawCases: OpCase[] = [
  drawCase('draw', { batch: 37, anchored: false, images: 1000 }, [plain, { ...plain, seed: 0xfedcba98 }, { ...plain, tMin: 0, images: 40 }, { ...plain, learned: 20 }], 1101),
  // Replicas: on; not yet on; half way up the ramp; on, but no level is below T_min.
  drawCase('draw with anchors', { batch: 300, anchored: true, images: 3 }, [
    plain, { ...plain, lambdaStart: 13 }, { ...plain, lambdaStart: 8, lambdaRamp: 8 }, { ...plain, tMin: 2 ** -24 },
  ], 1102),
  drawCase('draw, stratified', { batch: 45, anchored: true, images: 0x7fffffff }, [
    { ...plain, stratified: true }, { ...plain, stratified: true, tMin: Math.fround(0.05) }, { ...plain, stratified: true, tMin: 0 }, { ...plain, stratified: true, learned: 9 },
  ], 1103),
  drawCase('draw, logit-normal and σ uniform', { batch: 301, anchored: true, images: 60 }, [
    { ...plain, times: { mean: Math.fround(-1.2), scale: Math.fround(1.2) } }, { ...plain, times: { mean: -0.5, scale: 1 } }, { ...plain, times: { mean: 4, scale: 4 } }, { ...plain, times: { mean: 0, scale: 0, sigma: 4 } },
  ], 1107),
  // The last level of the whole batch below T_min is in another part (replica 2), or there is none (3).
  drawCase('draw, micro-batch', { batch: 9, anchored: true, images: 1000, parts: 5, part: 4 }, [plain, { ...plain, stratified: true }, { ...plain, tMin: Math.fround(0.02) }, { ...plain, tMin: 2 ** -24 }, { ...plain, learned: 25 }, { ...plain, stratified: true, learned: 5 }], 1109),
  negativesCase(false, 1105), negativesCase(true, 1106), dropCase,
  drawCase('draw, largest batch', { batch: 2048, anchored: true, images: 60000 }, [plain], 1104),
]
