/** Probes fitted to what a source of features shows, all noise levels, groups and label draws at once on the GPU. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import {
  makeAdamMoments, makeProbes, PART, parts, probeAccuracy, probeAdamW, probeDescent, probeNeighbours, type Probes, probeScale,
} from '../ops/probe.ts'
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import type { Bench, Table } from './diagnostic.ts'
import { levelsTogether, type Sight, type Source, type Sweep } from './sweep.ts'

/** Greatest |gradient| at which a fit counts as converged. */
export const TOLERANCE = 1e-4
/** Steps after which a fit that has not converged is given up, and said so. */
export const MOST_STEPS = 6000
/** Steps between two looks at how far the fits are. */
const BURST = 50
export const BATCH = 128
/** Neighbours that vote. */
export const NEAR = 10

/** What probes see: labelled images first, then those for choosing, then those for testing. */
export interface Exam {
  classes: number
  /** Labelled images of one draw, and draws. */
  labelled: number
  draws: number
  train: Sight
  validation: Sight | null
  test: Sight
  /** Of all of these images in this order. */
  labels: Uint32Array
}

export interface Fits {
  /** Right answers as a share: [level][group][draw] */
  accuracy: number[][][]
  /** Of the nearest neighbours: [level][group]; only when asked for. */
  neighbours: number[][] | null
  fits: number
  /** Fits whose greatest |gradient| stayed above the tolerance; 0 where the protocol does not ask. */
  unfinished: number
  /** The most that any of them took, and all together. */
  steps: number
  allSteps: number
  /** λ that was chosen, how often. */
  chosen: Map<number, number>
}

export interface Effort {
  between: () => Promise<void>
  /** The noise levels, and whether nearest neighbours are asked too. */
  t: readonly number[]
  neighbours: boolean
}

/** A question to every probe or group about the test images that are on the GPU. */
interface Question {
  recorder: Recorder
  /** Right answers, (probes or groups, parts of the images) */
  correct: Tensor
}

/** Test images that are on the GPU at once: all, or else whole parts of them, as many as have room beside the `others` and one at least. */
export const testTogether = (most: number, others: number, count: number): number => (others + count <= most ? count : PART * Math.max(1, Math.floor((most - others) / PART)))

interface Stand {
  /** Noise levels that are looked at together. */
  pieces: number[][]
  sweep: Sweep
  probes: Probes
  /** Where the test images start, and how many of them are on the GPU at once. */
  testAt: number
  together: number
  question: Question
  /** Nearest neighbours on the same features. */
  vote: Question
}

/** Features of the next levels and probes on them, recorded but not laid. */
function stand(bench: Bench, source: Source, exam: Exam, t: readonly number[], labelled: number, draws: number): Stand {
  const { groups, width } = source
  const { classes, train, validation, test } = exam
  const testAt = train.count + (validation?.count ?? 0)
  const together = testTogether(source.most, testAt, test.count)
  const images = testAt + together
  const pieces = levelsTogether(t, groups * Math.max(images * width, draws * labelled * classes, draws * classes * (width + 4)))
  const levels = pieces[0].length
  const sweep = source.record(levels, images)
  const recorder = bench.recorder()
  const labels = recorder.tensor('probe classes', images)
  const probes = makeProbes(recorder, { groups: levels * groups, images, draws, labelled, width, classes }, sweep.features, labels)
  const [ask, vote] = ['probe test', 'nearest neighbours'].map(stage => bench.recorder().at(stage))
  const correct = ask.tensor('correct', probes.groups * draws * parts(together))
  probeAccuracy(ask, probes, testAt, together, correct)
  const votes = vote.tensor('correct by vote', probes.groups * parts(together))
  const bank = train.count
  probeNeighbours(vote, { groups: probes.groups, images, width, bank, near: Math.min(NEAR, bank) }, sweep.features, labels, testAt, together, votes)
  return { pieces, sweep, probes, testAt, together, question: { recorder: ask, correct }, vote: { recorder: vote, correct: votes } }
}

/**
 * What asks about all test images at these levels and says the shares of right answers, of `count` probes or groups. Where not all have room together
 * they are shown one lot after another, and a lot that is still there from the question before is not shown again.
 */
function askingAbout(test: Sight, table: Table, { sweep, probes, testAt, together }: Stand, { classes, labels }: Exam, levels: readonly number[], between: () => Promise<void>) {
  const d = test.images.length / test.count
  let shown = -1
  return async ({ recorder, correct }: Question, count: number): Promise<number[]> => {
    const right = Array.from({ length: count }, () => 0)
    for (let from = 0; from < test.count; from += together) {
      const n = Math.min(together, test.count - from)
      if (shown !== from) {
        const lot = (values: Float32Array) => values.subarray(from * d, (from + n) * d)
        await sweep.fill(table, { count: n, images: lot(test.images), noise: lot(test.noise) }, testAt, levels, between)
        const named = new Uint32Array(together).fill(classes) // no probe answers that, and nothing is counted behind a last lot that is smaller
        named.set(labels.subarray(testAt + from, testAt + from + n))
        table.write(probes.labels, named, testAt)
        shown = from
      }
      table.submit(recorder)
      const counts = await countsOf(table, correct, count, together)
      counts.forEach((found, p) => { right[p] += found })
    }
    return right.map(found => found / test.count)
  }
}

/** Right answers by probe among `images`, out of counts by parts of 64. */
async function countsOf(table: Table, correct: Tensor, probes: number, images: number): Promise<number[]> {
  const counts = await table.read(correct, 0, probes * parts(images))
  return Array.from({ length: probes }, (_, p) => counts.subarray(p * parts(images), (p + 1) * parts(images)).reduce((sum, value) => sum + value, 0))
}

/** Lists of `size`, one after another. */
const split = <T>(values: T[], size: number): T[][] => Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size))

/**
 * L2 logistic regression on each draw's labelled images, run until every |gradient| ≤ TOLERANCE: features z-scored with those images, mean
 * cross-entropy + λ/2 ‖W‖². With several λ the one with the best accuracy on the validation images is taken, for each fit by itself.
 */
export async function fitFewLabels(bench: Bench, source: Source, exam: Exam, penalties: readonly number[], { between, t, neighbours }: Effort): Promise<Fits> {
  const { labelled, draws, train, validation, test } = exam
  const result: Fits = { accuracy: [], neighbours: neighbours ? [] : null, fits: 0, unfinished: 0, steps: 0, allSteps: 0, chosen: new Map() }
  const stood = stand(bench, source, exam, t, labelled, draws)
  const { pieces, sweep, probes, question, vote } = stood
  const all = probes.groups * draws
  const [scale, burst, choose] = ['probe', 'probe', 'probe validation'].map(stage => bench.recorder().at(stage))
  probeScale(scale, probes, true)
  const before = burst.tensor('probe weights before', probes.weights.length)
  for (let i = 0; i < BURST; i++) probeDescent(burst, probes, before, TOLERANCE)
  const chosenRight = choose.tensor('correct in validation', all * parts(validation?.count ?? 1))
  if (validation) probeAccuracy(choose, probes, train.count, validation.count, chosenRight)
  const table = await bench.lay(...sweep.recorders, scale, burst, question.recorder, choose, vote.recorder)
  table.write(probes.rows, Uint32Array.from({ length: draws * labelled }, (_, i) => i))
  table.write(probes.labels, exam.labels.subarray(0, stood.testAt))

  for (const levels of pieces) {
    const count = levels.length * source.groups * draws // the last piece may be shorter
    await sweep.fill(table, train, 0, levels, between)
    if (validation) await sweep.fill(table, validation, train.count, levels, between)
    const ask = askingAbout(test, table, stood, exam, levels, between)
    table.submit(scale)
    const best = Array.from({ length: count }, () => ({ validated: -1, test: 0, penalty: 0 }))
    for (const penalty of penalties) {
      table.write(probes.penalty, new Float32Array(all).fill(penalty))
      table.write(probes.weights, new Float32Array(probes.weights.length))
      table.write(before, new Float32Array(probes.weights.length))
      table.write(probes.progress, new Float32Array(4 * all))
      const { unfinished, steps } = await converge(table, () => table.submit(burst), probes.progress, count, between)
      result.fits += count
      result.unfinished += unfinished
      result.steps = Math.max(result.steps, ...steps)
      result.allSteps += steps.reduce((sum, taken) => sum + taken, 0)
      if (validation) table.submit(choose)
      const right = await ask(question, count)
      const validated = validation ? await countsOf(table, chosenRight, count, validation.count) : right.map(() => 0)
      best.forEach((known, p) => {
        if (validated[p] > known.validated) Object.assign(known, { validated: validated[p], test: right[p], penalty })
      })
    }
    for (const { penalty } of best) result.chosen.set(penalty, (result.chosen.get(penalty) ?? 0) + 1)
    result.accuracy.push(...split(split(best.map(known => known.test), draws), source.groups))
    if (neighbours) result.neighbours?.push(...split(await ask(vote, levels.length * source.groups), source.groups))
  }
  return result
}

/** Bursts until every fit has arrived or the steps are used up. */
async function converge(table: Table, burst: () => void, progress: Tensor, count: number, between: () => Promise<void>): Promise<{ unfinished: number; steps: number[] }> {
  for (let taken = 0; ; ) {
    burst()
    taken += BURST
    const state = await table.read(progress, 0, 4 * count)
    const open = Array.from({ length: count }, (_, p) => state[4 * p + 1]).filter(greatest => !(greatest <= TOLERANCE)).length
    const steps = Array.from({ length: count }, (_, p) => state[4 * p + 2])
    await between()
    if (open === 0 || taken >= MOST_STEPS) return { unfinished: open, steps }
  }
}

export interface AdamWPlan {
  /** Steps of BATCH labelled images each. */
  steps: number
  learningRate: number
  weightDecay: number
  cosine: boolean
  normalise: boolean
  /** Other noise for the same images and probes from scratch; each gives one accuracy. */
  noiseDraws: number
  /** New noise for the labelled images in every epoch. */
  freshNoise: boolean
  /** Noise of the labelled images (part 0) or the test images (part 2). */
  noise(sight: Sight, part: number, draw: number): Float32Array
}

/** The paper's protocol: AdamW on batches of labelled images, one draw of labels, from weights 0. `exam.draws` is 1. */
export async function fitAdamW(bench: Bench, source: Source, exam: Exam, plan: AdamWPlan, { between, t, neighbours }: Effort): Promise<Fits> {
  const { train, test } = exam
  const perEpoch = train.count / BATCH
  const result: Fits = { accuracy: [], neighbours: neighbours ? [] : null, fits: 0, unfinished: 0, steps: 0, allSteps: 0, chosen: new Map() }
  const stood = stand(bench, source, exam, t, train.count, 1)
  const { pieces, sweep, probes, question, vote } = stood
  const scale = bench.recorder().at('probe')
  probeScale(scale, probes, plan.normalise)
  const moments = makeAdamMoments(scale, probes, perEpoch)
  const steps = Array.from({ length: perEpoch }, (_, i) => {
    const step = bench.recorder().at('probe')
    probeAdamW(step, probes, moments, i, i * BATCH, BATCH)
    return step
  })
  const table = await bench.lay(...sweep.recorders, scale, ...steps, question.recorder, vote.recorder)
  table.write(probes.labels, exam.labels.subarray(0, stood.testAt))

  for (const levels of pieces) {
    const count = levels.length * source.groups // the last piece may be shorter
    const accuracy: number[][] = []
    for (let draw = 0; draw < plan.noiseDraws; draw++) {
      await sweep.fill(table, { ...train, noise: plan.noise(train, 0, draw) }, 0, levels, between)
      const ask = askingAbout({ ...test, noise: plan.noise(test, 2, draw) }, table, stood, exam, levels, between)
      if (neighbours && draw === 0) result.neighbours?.push(...split(await ask(vote, count), source.groups))
      for (const tensor of [probes.weights, moments.first, moments.second]) table.write(tensor, new Float32Array(tensor.length))
      for (let done = 0, epoch = 0; done < plan.steps; epoch++) {
        if (plan.freshNoise && epoch > 0) await sweep.fill(table, { ...train, noise: plan.noise(train, 0, plan.noiseDraws + draw * Math.ceil(plan.steps / perEpoch) + epoch) }, 0, levels, between)
        table.write(probes.rows, shuffled(train.count, bench.config.data.seed, epoch))
        if (epoch === 0 || plan.freshNoise) table.submit(scale)
        table.write(moments.pace, paceOf(plan, epoch, perEpoch))
        for (const step of steps.slice(0, plan.steps - done)) table.submit(step)
        done += perEpoch
        await between()
      }
      result.fits += count
      accuracy.push(await ask(question, count))
    }
    result.steps = plan.steps
    result.allSteps = plan.steps * result.fits
    result.accuracy.push(...split(accuracy[0].map((_, g) => accuracy.map(shares => shares[g])), source.groups))
  }
  return result
}

/** Learning rate, decay and bias corrections of one epoch's steps; the cosine is taken once an epoch, as the paper's does. */
function paceOf({ steps, learningRate, weightDecay, cosine }: AdamWPlan, epoch: number, perEpoch: number): Float32Array {
  const epochs = Math.ceil(steps / perEpoch)
  const rate = cosine ? (learningRate * (1 + Math.cos((Math.PI * epoch) / epochs))) / 2 : learningRate
  return Float32Array.from({ length: 4 * perEpoch }, (_, i) => {
    const step = epoch * perEpoch + Math.floor(i / 4) + 1
    return [rate, weightDecay, 1 / (1 - 0.9 ** step), 1 / (1 - 0.999 ** step)][i % 4]
  })
}

/** 0 … count − 1 in an order of its own for each epoch. */
function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const random = new PhiloxStream(seed, STREAM_EVALUATION, 8 + 65536 * (epoch + 1))
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}
