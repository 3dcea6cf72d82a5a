/**
 * One training step of R replicas as a recording: draw, forward, loss, backward, update. Everything a step needs is on the GPU;
 * this file only says in which order. A batch in micro-batches is a step of as many replays: gradients add up, and the last replay updates.
 * Where a term compares features of the whole batch, all micro-batches pass as far as their features first (gradient caching, arXiv 2101.06983).
 */
import { type Config, passOf } from '../config.ts'
import { Recorder, type Tensor, type Tiles } from '../engine/recorder.ts'
import { PATH_WORDS, pathTable } from '../flow/path_table.ts'
import { isLinear } from '../flow/place.ts'
import { methods } from '../methods/index.ts'
import { readsFeatures } from '../methods/method.ts'
import { averageGoal, type Batch, draw, drawNegatives, dropLabels, interpolate, makeBatch, noise } from '../ops/batch.ts'
import { type Contrastive, contrastive, contrastiveBackward, contrastiveSizes, dispersive, pairDistances } from '../ops/contrastive.ts'
import { AnchorArguments, type Extent } from '../ops/extent.ts'
import { type Among, keepFeatures, nextPart, takeFeatureGradients, tokenMean, unitLength, unitLengthBackward } from '../ops/features.ts'
import { type Activation, type FlatParameters, type LinearGradients } from '../ops/linear.ts'
import { adamw, gradientReduce, makeOptimizer, type Optimizer, optimizerBegin } from '../ops/optimizer.ts'
import { weighError, weighErrorBackward } from '../ops/reading.ts'
import { velocityLoss } from '../ops/velocity_loss.ts'
import { Dit, type DitTrace } from './dit.ts'
import { KNOB_WORDS, STATE_WORDS } from './knobs.ts'
import { resolveReplica } from './replica.ts'
import { type ParameterLayout, parameterLayout } from './parameters.ts'

export interface Training {
  recorder: Recorder
  /** Every tensor, those of evaluation and sampling included once they are recorded. */
  tensors: Set<Tensor>
  layout: ParameterLayout
  replicas: number
  /** Replays that make a step: micro-batches of B samples each. */
  parts: number
  /** (R) of Knobs and State */
  knobs: Tensor
  state: Tensor
  /** As in Batch. */
  paths: Tensor | null
  parameters: FlatParameters
  gradients: LinearGradients
  optimizer: Optimizer
  /** Training images (N,ch,h,w) and their classes (N). */
  data: Tensor
  classes: Tensor | null
  batch: Batch
  dit: Dit
  trace: DitTrace
  /** (R,B) */
  loss: Tensor
  /** (R,B) of (l, positive, negative, 0) of the term beside the flow loss */
  contrastiveRows: Tensor
  /** Sample whose target each is pushed from, (R,B); null where no method asks. */
  negative: Tensor | null
  /** Features as such a term sees them before normalising, (R,B or 2B,·,F); null where none reads features. */
  features: Activation | null
  /** What goes before the replays where such a term sees micro-batches; null elsewhere. */
  before: Before | null
}

/** For each micro-batch the first dispatches of a replay, which end with its features, and `keep`; after the last `term`, of all of them. */
export interface Before {
  dispatches: number
  keep: Recorder
  term: Recorder
}

export interface TrainingOptions {
  tiles?: Tiles
  /** Images in the training set. */
  images: number
  /** Batch, noise and state are written by the caller instead of drawn, the batch in one piece: for comparing with other frameworks. */
  given?: boolean
  /** Stop before the optimiser. */
  gradientsOnly?: boolean
}

/** All that a step is replayed from. */
export const recordersOfStep = ({ recorder, before }: Pick<Training, 'recorder' | 'before'>): Recorder[] => (before ? [recorder, before.keep, before.term] : [recorder])

/** Gradient planes: enough slices of the rows to fill a GPU, as long as the planes stay small. */
export function slicesFor(rows: number, elements: number): number {
  const affordable = Math.max(1, Math.floor(2 ** 24 / elements)) // 64 MiB of planes
  return Math.max(1, Math.min(8, Math.floor(rows / 256), affordable))
}

function joined(parts: Float32Array[]): Float32Array {
  const all = new Float32Array(parts.length * parts[0].length)
  parts.forEach((part, i) => all.set(part, i * part.length))
  return all
}

export function recordTraining(config: Config, { tiles, images, given = false, gradientsOnly = false }: TrainingOptions): Training {
  const { net, objective, train } = config
  const R = config.replicas.length
  const parts = given ? 1 : train.microBatches
  const B = given ? train.batch : passOf(train)
  const layout = parameterLayout(net)
  const tensors = new Set<Tensor>()
  const recorder = new Recorder(tensors, tiles)
  const dimensions = net.channels * net.size * net.size

  const terms = new Set(config.replicas.map(replica => methods[replica.method ?? objective.method].term))
  const anchored = terms.has('anchored')
  const reads = [...terms].some(readsFeatures)
  const capacity = anchored ? 2 * B : B
  const knobs = recorder.tensor('knobs', R * KNOB_WORDS)
  const state = recorder.tensor('state', R * STATE_WORDS)
  const parameters: FlatParameters = { tensor: recorder.tensor('weights', R * layout.length), replicas: R, length: layout.length }
  const optimizer = makeOptimizer(recorder, parameters)
  const slices = slicesFor(B * (net.size / net.patch) ** 2, R * layout.length)
  const gradients: LinearGradients = { planes: recorder.tensor('gradient planes', slices * R * layout.length), slices }
  const data = recorder.tensor('training images', images * dimensions)
  const classes = net.classes > 0 ? recorder.tensor('training classes', images) : null
  const resolved = config.replicas.map(replica => resolveReplica(config, replica))
  const paths = resolved.every(({ path }) => isLinear(path)) ? null : recorder.computed('paths', R * PATH_WORDS, () => joined(resolved.map(({ path }) => pathTable(path))))
  const batch: Batch = { ...makeBatch(recorder, R, capacity, dimensions, net.classes > 0), paths, place: parts > 1 && reads ? recorder.tensor('batch place', R * B) : null }
  const asked = resolved.map(({ method, objective: own }) => method.knobs(own))
  const converts = asked.some(({ prediction }) => prediction)
  const weighs = converts || resolved.some(({ objective: { loss } }) => loss !== 'velocity')
  const dit = new Dit(recorder, net, layout, converts ? { knobs, paths } : null)

  const whole: Extent = { replicas: R, samples: B }
  const anchors = anchored ? new AnchorArguments(recorder, R, B) : undefined
  const withAnchors: Extent = anchored ? { replicas: R, samples: capacity, anchors } : whole

  recorder.at('batch')
  if (!given) draw(recorder, R, B, knobs, state, batch, parts)
  anchors?.record(recorder, state)
  if (!given) noise(recorder, withAnchors, B, knobs, state, batch)
  interpolate(recorder, withAnchors, data, classes, batch)
  if (asked.some(({ average }) => average)) averageGoal(recorder, R, B, data, knobs, state, batch)
  const negative = terms.has('negatives') ? recorder.tensor('negatives', R * B) : null
  if (negative && !given) drawNegatives(recorder, R, B, knobs, state, batch, negative, parts)
  // After the negatives, whose classes are the true ones.
  if (net.labelDrop > 0 && !given) dropLabels(recorder, withAnchors, B, net, knobs, state, batch, negative)

  const input = { image: batch.xt, t: batch.t, labels: batch.labels, capacity }
  const trace = dit.forward(recorder, parameters, input, { extent: whole, tapExtent: withAnchors, tap: reads ? objective.layer : 0, keep: true })

  recorder.at('loss')
  const dvelocity = recorder.tensor('d velocity', R * B * dimensions)
  const loss = recorder.tensor('loss', R * B)
  const contrastiveRows = recorder.tensor('contrastive rows', contrastiveSizes(R, B).rows)
  if (weighs) {
    const [compared, target] = [recorder.tensor('weighed velocity', R * B * dimensions), recorder.tensor('weighed target', R * capacity * dimensions)]
    const dcompared = recorder.tensor('d weighed velocity', R * B * dimensions)
    weighError(recorder, R, B, batch, knobs, trace.velocity, compared, target)
    velocityLoss(recorder, R, B, { ...batch, goal: target }, knobs, state, compared, negative, dcompared, loss, contrastiveRows, parts)
    weighErrorBackward(recorder, R, B, batch, knobs, dcompared, dvelocity)
  } else {
    velocityLoss(recorder, R, B, batch, knobs, state, trace.velocity, negative, dvelocity, loss, contrastiveRows, parts)
  }
  const term = reads ? recordFeatureTerm() : null
  const learns = net.selfCondition > 0 ? recorder.computed('self-condition learns', R, () => Float32Array.from(asked, ({ selfConditions }) => (selfConditions ? 1 : 0))) : null
  dit.backward(recorder, parameters, gradients, input, trace, whole, dvelocity, term?.feature, learns)

  recorder.at('update')
  gradientReduce(recorder, parameters, gradients, optimizer, parts > 1 ? state : undefined)
  if (!gradientsOnly) {
    optimizerBegin(recorder, R, B, knobs, state, optimizer, loss, contrastiveRows, parts)
    adamw(recorder, parameters, knobs, state, optimizer)
  }
  return { recorder, tensors, layout, replicas: R, parts, knobs, state, paths, parameters, gradients, optimizer, data, classes, batch, dit, trace, loss, contrastiveRows, negative, features: term?.features ?? null, before: term?.before ?? null }

  /** Features after block `layer`, the loss on them, and the gradient that will enter the residual stream there. */
  function recordFeatureTerm() {
    // Without detaching, anchors receive gradients too. All 2B places then go backward: those without an anchor carry exact zeros,
    // which a count known only to the GPU could not promise to the weight gradients.
    const extent: Extent = objective.detach || !anchored ? whole : { replicas: R, samples: capacity }
    const cotangent = (dz: Activation) => ({ layer: objective.layer, pooled: objective.feature === 'pooled', dz, extent })
    if (!batch.place) {
      const features = recordFeatures(recorder)
      return { features, feature: cotangent(recordTerm(recorder, features, B, contrastiveRows)), before: null }
    }
    const [keep, over] = [new Recorder(tensors, recorder.tiles).at('features'), new Recorder(tensors, recorder.tiles).at('loss')]
    const features = recordFeatures(keep)
    const among: Among = { replicas: R, batch: B, whole: train.batch, state, place: batch.place }
    const all: Activation = { ...features, capacity: parts * capacity, tensor: keep.tensor('features of the batch', parts * sizeOf(features)) }
    keepFeatures(keep, among, features, all.tensor)
    nextPart(keep, R, parts, state)
    const rows = over.tensor('contrastive rows of the batch', contrastiveSizes(R, train.batch).rows)
    const dall = recordTerm(over, all, train.batch, rows)
    const dz: Activation = { ...features, tensor: recorder.tensor('d features of the pass', sizeOf(features)) }
    takeFeatureGradients(recorder, among, knobs, { dz: dall.tensor, rows }, dz, contrastiveRows)
    return { features, feature: cotangent(dz), before: { dispatches: trace.tapped, keep, term: over } }
  }

  function sizeOf({ capacity: samples, rows, width }: Activation): number {
    return R * samples * rows * width
  }

  function recordFeatures(to: Recorder): Activation {
    const tokens = trace.blocks[objective.layer - 1].out // (R,capacity,T,C)
    if (objective.feature !== 'pooled') return tokens
    const features: Activation = { tensor: to.tensor('features', R * capacity * net.width), capacity, rows: 1, width: net.width }
    tokenMean(to, withAnchors, tokens, features)
    return features
  }

  /** Features (R,samples or twice as many,·,F) → their gradient, and rows (R,samples) of the term. */
  function recordTerm(to: Recorder, features: Activation, samples: number, rows: Tensor): Activation {
    const size = sizeOf(features)
    let compared = features
    const inverse = to.tensor('feature 1/length', R * features.capacity)
    if (objective.normalise) {
      compared = { ...features, tensor: to.tensor('unit features', size) }
      unitLength(to, R, features, compared.tensor, inverse)
    }
    const pairs: Contrastive = { replicas: R, batch: samples, knobs, state, z: compared, rows, distances: to.tensor('pair distances', contrastiveSizes(R, samples).distances) }
    const dcompared = to.tensor('d compared', size)
    pairDistances(to, pairs)
    if (anchored) {
      contrastive(to, pairs)
      contrastiveBackward(to, pairs, objective.detach, dcompared)
    }
    if (terms.has('dispersive')) dispersive(to, pairs, dcompared)
    if (!objective.normalise) return { ...features, tensor: dcompared }
    const dz = to.tensor('d features', size)
    unitLengthBackward(to, R, features, compared.tensor, inverse, dcompared, dz)
    return { ...features, tensor: dz }
  }
}
