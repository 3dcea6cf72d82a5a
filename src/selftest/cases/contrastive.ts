/** The contrastive term in every reading of the paper. Each replica has its own number of low-noise samples: none, one, several. */
import type { Recorder } from '../../engine/recorder.ts'
import { contrastive, contrastiveBackward, contrastiveSizes, dispersive, pairDistances } from '../../ops/contrastive.ts'
import { type ContrastiveOptions, contrastiveBackward as backwardTwin, contrastiveForward } from '../../reference/contrastive.ts'
import { dispersive as dispersiveTwin } from '../../reference/dispersive.ts'
import { filled, given, layOut, layOutAs, type OpCase, part, TOLERANCE } from '../case.ts'
import { knobs, state } from '../structs.ts'

/** Room that others have written in before. */
const used = (recorder: Recorder, length: number) => recorder.constant('distances', new Float32Array(length).fill(0.7))

type Variant = ContrastiveOptions['variant']
const VARIANT: Record<Variant, number> = { algorithm1: 0, equation14: 1, infonce: 2 }

interface Shape {
  /** Low-noise samples of each replica. */
  anchors: number[]
  batch: number
  /** Samples that each replica learns from, where these are not all. */
  learned?: number[]
  rows?: number
  width: number
  /** All features alike: every distance is 0 and l_i = log B. */
  alike?: boolean
}

function contrastiveCase(options: ContrastiveOptions, shape: Shape, seed: number): OpCase {
  const { variant, tau, distance, detach } = options
  const { anchors, batch: B, learned = anchors.map(() => B), rows = 1, width, alike = false } = shape
  const replicas = anchors.length
  const F = rows * width
  const lambda = anchors.map((_, r) => Math.fround(0.1 + 0.3 * r))
  return {
    op: `contrastive ${variant}, ${distance}, ${detach ? 'anchors detached' : 'gradient on both sides'}${alike ? ', equal features' : ''}`,
    shape: `R ${replicas}, B ${B}, F ${F}, anchors ${anchors.join(' ')}${shape.learned ? `, of ${learned.join(' ')}` : ''}`, seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const size = { replicas, capacity: 2 * B, rows, width }
      const z = alike ? given(recorder, 'z', size, new Float64Array(replicas * 2 * B * F).fill(0.7)) : filled(recorder, random, 'z', size)
      const sizes = contrastiveSizes(replicas, B)
      const op = {
        replicas, batch: B, z, distances: used(recorder, sizes.distances), rows: recorder.tensor('rows', sizes.rows),
        knobs: knobs(recorder, anchors.map((_, r) => ({ batch: learned[r], tau, variant: VARIANT[variant], divided: distance === 'divided' ? 1 : 0 }))),
        state: state(recorder, anchors.map((count, r) => ({ low: count, anchors: count, lambda: lambda[r] }))),
      }
      const dz = recorder.tensor('dz', replicas * 2 * B * F)
      pairDistances(recorder, op)
      contrastive(recorder, op)
      contrastiveBackward(recorder, op, detach, dz)

      const twin = (r: number) => {
        const [own, others] = [part(z, r, learned[r]), part(z, r, 2 * B).subarray(B * F)]
        const forward = contrastiveForward(own, others, anchors[r], learned[r], F, options)
        return { own, others, forward, ...backwardTwin(own, others, forward, anchors[r], learned[r], F, options) }
      }
      const rowsOf = (r: number) => {
        const { own, others, forward } = twin(r)
        const squared = (i: number, y: Float64Array, j: number) => {
          let sum = 0
          for (let f = 0; f < F; f++) sum += (own[i * F + f] - y[j * F + f]) ** 2
          return distance === 'divided' ? sum / F : sum
        }
        const result = new Float64Array(4 * B)
        for (let i = 0; i < anchors[r]; i++) {
          let negatives = 0
          for (let j = 0; j < learned[r]; j++) negatives += squared(i, own, j)
          result.set([forward.perRow[i], squared(i, others, i), negatives / Math.max(1, learned[r] - 1)], 4 * i)
        }
        return result
      }
      const gradient = (r: number) => {
        const { dz: low, da } = twin(r)
        return Float64Array.from([...low, ...Array<number>((B - learned[r]) * F).fill(0), ...da], value => lambda[r] * value)
      }
      return [
        { name: 'rows', tensor: op.rows, expected: () => layOut(replicas, 4 * B, rowsOf) },
        { name: 'dz', tensor: dz, expected: layOutAs(z, replicas, gradient) },
      ]
    },
  }
}

/** Replicas: on, off, not this term at all (whose dz must stay as it is), on of all but two samples. */
function dispersiveCase(distance: 'divided' | 'raw', tau: number, B: number, F: number, seed: number): OpCase {
  const lambda = [Math.fround(0.3), 0, 0.5, 0.25]
  const replicas = lambda.length
  const learned = (r: number) => (r === 3 ? B - 2 : B)
  return {
    op: `dispersive, ${distance}`, shape: `R ${replicas}, B ${B}, F ${F}`, seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const z = filled(recorder, random, 'z', { replicas, capacity: B, width: F })
      const sizes = contrastiveSizes(replicas, B)
      const op = {
        replicas, batch: B, z, distances: used(recorder, sizes.distances), rows: recorder.tensor('rows', sizes.rows),
        knobs: knobs(recorder, lambda.map((_, r) => ({ batch: learned(r), tau, divided: distance === 'divided' ? 1 : 0, term: r === 2 ? 2 : 1 }))), state: state(recorder, lambda.map(each => ({ lambda: each }))),
      }
      const before = filled(recorder, random, 'dz', { replicas, capacity: B, width: F })
      pairDistances(recorder, op)
      dispersive(recorder, op, before.tensor)
      const twin = (r: number) => dispersiveTwin(part(z, r, learned(r)), learned(r), F, { tau, distance })
      const rowsOf = (r: number) => (r === 1 || r === 2 ? [] : Float64Array.from({ length: 4 * learned(r) }, (_, i) => [twin(r).loss, 0, twin(r).meanDistance[i >>> 2], 0][i & 3]))
      return [
        { name: 'rows', tensor: op.rows, expected: () => layOut(replicas, 4 * B, rowsOf) },
        { name: 'dz', tensor: before.tensor, expected: () => layOut(replicas, B * F, r => (r === 2 ? part(before, r, B) : twin(r).dz.map(value => lambda[r] * value))) },
      ]
    },
  }
}

const several: Shape = { anchors: [0, 1, 4, 2], batch: 6, learned: [6, 6, 6, 4], width: 8 }

export const contrastiveCases: OpCase[] = [
  ...(['algorithm1', 'equation14', 'infonce'] as const).flatMap((variant, v) => [
    contrastiveCase({ variant, tau: 0.5, distance: 'divided', detach: true }, several, 801 + 4 * v),
    contrastiveCase({ variant, tau: 8, distance: 'raw', detach: true }, several, 802 + 4 * v),
    contrastiveCase({ variant, tau: 0.5, distance: 'divided', detach: false }, { ...several, rows: 4 }, 803 + 4 * v),
    contrastiveCase({ variant, tau: 8, distance: 'raw', detach: false }, several, 804 + 4 * v),
  ]),
  contrastiveCase({ variant: 'algorithm1', tau: 0.5, distance: 'divided', detach: false }, { ...several, alike: true }, 821),
  contrastiveCase({ variant: 'algorithm1', tau: 0.5, distance: 'divided', detach: false }, { anchors: [1, 0], batch: 1, width: 4 }, 822),
  dispersiveCase('divided', 0.5, 6, 40, 824), dispersiveCase('raw', 8, 70, 8, 825),
  // More pairs and more rows than one workgroup covers, every sample low.
  contrastiveCase({ variant: 'infonce', tau: 1, distance: 'divided', detach: false }, { anchors: [66, 9], batch: 66, width: 12 }, 823),
]
