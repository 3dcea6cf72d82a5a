/**
 * One training step looked at from inside: the run's next step, on a copy of one replica in memory of its own. Every dispatch is followed by
 * copies of what it wrote, for buffers are used again later in the step. Of a batch in micro-batches the last is walked, the others go before it
 * unseen, so that what comes out is the whole step's. The run itself is only read.
 */
import type { Config } from '../../config.ts'
import { ConfigError, passOf } from '../../config.ts'
import type { KernelLibrary } from '../../engine/kernel.ts'
import { readOnce } from '../../engine/readback.ts'
import type { Tensor } from '../../engine/recorder.ts'
import { Buffers } from '../../engine/recording.ts'
import { settled } from '../../engine/settled.ts'
import { shaderSource } from '../../engine/specialise.ts'
import { KNOB_WORDS, STATE_WORDS, unpackState } from '../../model/knobs.ts'
import { resolveReplica } from '../../model/replica.ts'
import { recordTraining, type Training } from '../../model/training.ts'
import { METRICS, METRICS_RING } from '../../ops/optimizer.ts'
import type { StepWalk, WalkMove, WalkTensor } from '../../step_walk.ts'
import { replicaLabel } from '../replica_tick.ts'
import { Step } from '../step.ts'
import { attentionWeights } from './attention.ts'
import { aboutKernel, type Bound, deriveMoves, legendOf, lettersOf, type Move, stagesOf } from './derive.ts'
import { type AttentionPiece, attentionPiece, type Layout, type Piece, pieceOf } from './pieces.ts'

/** Dispatches between two submits, so that a slow adapter never has too much before it. */
const FLUSH = 16

export interface WalkOptions {
  device: GPUDevice
  library: KernelLibrary
  /** The run's own. */
  buffers: Buffers
  training: Training
  config: Config
  runId: string
  replica: number
  /** Image of the batch, counted from 0; low-noise ones come first in methods that sort them. */
  sample: number
}

/** The step of one replica alone, reading the run's training images where they are. */
export function recordCopy(config: Config, replica: number, run: Training): { config: Config; training: Training } {
  const own = { ...config, replicas: [config.replicas[replica]] }
  const training = recordTraining(own, { images: config.data.count, tiles: run.recorder.tiles })
  const theirs = new Map<unknown, Tensor | null>([[training.data, run.data], [training.classes, run.classes]])
  for (const { bindings } of training.recorder.dispatches) {
    for (const [name, binding] of Object.entries(bindings)) bindings[name] = theirs.get(binding) ?? binding
  }
  for (const tensor of training.tensors) if (theirs.has(tensor)) training.tensors.delete(tensor)
  return { config: own, training }
}

interface Plan {
  moves: Move[]
  pieces: Piece[]
  shown: { bound: Bound; layout: Layout; piece: Piece; before?: Piece }[][]
  attention: (AttentionPiece | null)[]
}

/** What will be read and when. */
function planWalk(config: Config, training: Training, sample: number): Plan {
  const moves = deriveMoves(config, training)
  const shown = moves.map(({ writes }, index): Plan['shown'][number] => writes.flatMap(bound => {
    const found = pieceOf(bound, training, sample, index)
    if (!found) return []
    if (bound.tensor !== training.parameters.tensor) return [{ bound, ...found }]
    const moved = { ...bound, name: `change of the ${bound.name}`, words: 'What this step moved the weights by: after less before' }
    return [{ bound, ...found }, { bound: moved, ...found, before: { ...found.piece, after: -1 } }]
  }))
  const attention = moves.map((move, index) => attentionPiece(move, sample, index))
  const pieces = [...shown.flat().flatMap(({ piece, before }) => (before ? [piece, before] : [piece])), ...attention.flatMap(one => (one ? [one.qkv, one.lse] : []))]
  return { moves, pieces, shown, attention }
}

/** @throws ConfigError when there is no such replica or image, RangeError when the GPU has no room for a copy */
export async function walkStep({ device, library, buffers: run, training: original, config: whole, runId, replica, sample }: WalkOptions): Promise<StepWalk> {
  if (!whole.replicas[replica]) throw new ConfigError(`there is no replica ${replica + 1}; this run has ${whole.replicas.length}`)
  const learned = passOf(resolveReplica(whole, whole.replicas[replica]).train)
  if (!Number.isInteger(sample) || sample < 0 || sample >= learned) throw new ConfigError(`there is no image ${sample + 1} in a ${whole.train.microBatches > 1 ? 'micro-batch' : 'batch'} of ${learned}`)
  const { config, training } = recordCopy(whole, replica, original)
  const { moves, pieces, shown, attention } = planWalk(config, training, sample)
  const own = await Buffers.allocate(device, training.tensors, run)
  const places = new Map<Piece, number>()
  let total = 0
  for (const piece of pieces) {
    places.set(piece, total)
    total += piece.count
  }
  const staging = device.createBuffer({ label: 'walk', size: total * 4, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC })
  let made: Step | null = null
  try {
    made = await Step.realise(training, own, library)
    submit(device, { run, own, original, training, replica, step: made, staging, pieces, places })
    const read = (tensor: Tensor) => readOnce(device, own.of(tensor))
    const counts = training.recorder.dispatches.map(({ groups }) => (Array.isArray(groups) ? null : groups.arguments)).find(tensor => tensor !== null)
    const [values, state, metrics, workgroups] = await Promise.all([
      readOnce(device, staging), read(training.state), read(training.optimizer.metrics), counts ? read(counts).then(bytes => new Uint32Array(bytes)) : null,
    ])
    const step = unpackState(new Uint32Array(state)).step
    const valuesOf = (piece: Piece) => new Float32Array(values, places.get(piece)! * 4, piece.count)
    const tensorOf = ({ bound, layout, piece, before }: Plan['shown'][number][number]): WalkTensor => {
      const raw = valuesOf(piece)
      const old = before && valuesOf(before)
      const numbers = bound.type === 'u32' ? Float32Array.from(new Uint32Array(values, places.get(piece)! * 4, piece.count)) : old ? raw.map((value, i) => value - old[i]) : raw.slice()
      return { name: bound.name, words: bound.words, letters: bound.letters, sizes: bound.sizes, bytes: bound.tensor.length * 4, ...layout, values: numbers, statistics: statisticsOf(numbers) }
    }
    const letters = lettersOf(config, training.dit.patchWidth)
    const row = new Float32Array(metrics, ((step - 1) % METRICS_RING) * METRICS.length * 4, METRICS.length)
    const t = shown.flat().find(({ bound }) => bound.tensor === training.batch.t)
    return {
      runId, step, replica, label: replicaLabel(whole, replica), sample, batch: learned, parts: training.parts, t: t ? valuesOf(t.piece)[sample] : null,
      letters: legendOf(letters), stages: stagesOf(moves), loss: row[METRICS.indexOf('flow')], gradientNorm: row[METRICS.indexOf('gradientNorm')],
      kernels: Object.fromEntries(moves.map(({ kernel }) => [kernel, { about: aboutKernel(kernel), text: shaderSource(kernel) }])),
      moves: moves.map((move, index): WalkMove => {
        const { stage, kernel, source, variant, groups } = move
        const weights = attention[index]
        return {
          stage, kernel, source, variant, workgroups: Array.isArray(groups) ? [groups[0], groups[1] ?? 1, groups[2] ?? 1] : [...workgroups!.subarray(groups.offset, groups.offset + 3)],
          reads: move.reads.map(({ name, letters: axes, sizes, from }) => ({ name, letters: axes, sizes, from })),
          writes: shown[index].map(tensorOf),
          attention: weights && {
            heads: weights.heads, queries: weights.queries, keys: weights.tokens,
            weights: Float32Array.from(attentionWeights(valuesOf(weights.qkv), valuesOf(weights.lse), weights)),
          },
        }
      }),
    }
  } finally {
    await settled(device, device.queue.onSubmittedWorkDone())
    made?.destroy()
    staging.destroy()
    own.destroy()
  }
}

/** Everything a replica is goes into the copy, then the step, move by move, each followed by what it left behind. */
function submit(
  device: GPUDevice,
  { run, own, original, training, replica, step, staging, pieces, places }: {
    run: Buffers; own: Buffers; original: Training; training: Training; replica: number; step: Step; staging: GPUBuffer; pieces: readonly Piece[]; places: Map<Piece, number>
  },
): void {
  let encoder = device.createCommandEncoder()
  const { length } = training.layout
  const whole: [from: Tensor, to: Tensor, length: number][] = [
    [original.parameters.tensor, training.parameters.tensor, length], [original.optimizer.first, training.optimizer.first, length], [original.optimizer.second, training.optimizer.second, length],
    [original.optimizer.ema.tensor, training.optimizer.ema.tensor, length], [original.state, training.state, STATE_WORDS], [original.knobs, training.knobs, KNOB_WORDS],
  ]
  for (const [from, to, count] of whole) encoder.copyBufferToBuffer(run.of(from), replica * count * 4, own.of(to), 0, count * 4)
  const fetch = (index: number) => {
    for (const piece of pieces) if (piece.after === index) encoder.copyBufferToBuffer(own.of(piece.tensor), piece.offset * 4, staging, places.get(piece)! * 4, piece.count * 4)
  }
  fetch(-1)
  const flush = () => {
    device.queue.submit([encoder.finish()])
    encoder = device.createCommandEncoder()
  }
  const last = step.length - 1
  for (let pass = 0; pass < last; pass++) {
    const unseen = step.dispatches(pass)
    for (let at = 0; at < unseen; at += FLUSH) {
      step.encode(encoder, pass, at, Math.min(unseen, at + FLUSH))
      flush()
    }
  }
  const walked = step.dispatches(last)
  for (let i = 0; i < walked; i++) {
    step.encode(encoder, last, i, i + 1)
    fetch(i)
    if (i % FLUSH === FLUSH - 1 || i === walked - 1) flush()
  }
}

/** Of the finite ones; SD over all of them (n). */
export function statisticsOf(values: ArrayLike<number>): WalkTensor['statistics'] {
  let [finite, sum, low, high] = [0, 0, Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue
    finite++
    sum += values[i]
    low = Math.min(low, values[i])
    high = Math.max(high, values[i])
  }
  if (finite === 0) return { notFinite: values.length, low: null, high: null, mean: null, deviation: null }
  const mean = sum / finite
  let squares = 0
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2
  return { notFinite: values.length - finite, low, high, mean, deviation: Math.sqrt(squares / finite) }
}
