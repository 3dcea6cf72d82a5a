/** Adaptive LayerNorm forward and backward, with and without what stands around it. */
import type { Recorder } from '../../engine/recorder.ts'
import { modulate, modulateBackward, modulateTangent } from '../../ops/modulate.ts'
import { gateResidualBackward } from '../../reference/gate_residual.ts'
import { modulateBackward as backwardTwin, modulateForward, modulateTangent as tangentTwin } from '../../reference/modulate.ts'
import type { Random } from '../../reference/random.ts'
import { blank, columns, filled, type Filled, given, layOut, layOutAs, type OpCase, type Output, part, TOLERANCE } from '../case.ts'

interface Shape {
  replicas: number
  samples: number
  capacity: number
  tokens: number
  width: number
}

const describe = ({ replicas, samples, tokens, width }: Shape) => `R ${replicas}, B ${samples}, T ${tokens}, C ${width}`

/** Modulation of seven vectors, so that none of the four used stands at an edge. */
function modulation(recorder: Recorder, random: Random, { replicas, samples, width: C }: Shape) {
  const ada = filled(recorder, random, 'modulation', { replicas, capacity: samples + 2, width: 7 * C }, { scale: 0.5 })
  const vector = (replica: number, from: number) => columns(part(ada, replica, samples), 7 * C, from, C)
  return { ada, vector, places: { shift: C, scale: 3 * C, gate: 5 * C }, gateBefore: 2 * C }
}

/** (mean, 1/std) of every row in the kernel's order. */
function statisticsOf(x: Filled, replica: number, { samples, tokens, width: C }: Shape): Float64Array {
  const zero = new Float64Array(samples * C)
  const { mean, rstd } = modulateForward(part(x, replica, samples), zero, zero, samples, tokens, C)
  return Float64Array.from({ length: 2 * mean.length }, (_, i) => (i % 2 === 0 ? mean : rstd)[i >> 1])
}

function forwardCase(shape: Shape, seed: number): OpCase {
  const { replicas, samples, capacity, tokens, width: C } = shape
  return {
    op: 'modulate', shape: describe(shape), seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const { ada, vector, places } = modulation(recorder, random, shape)
      const x = filled(recorder, random, 'x', { replicas, capacity, rows: tokens, width: C }, { offset: 2 })
      const y = blank(recorder, 'y', { replicas, capacity: capacity + 1, rows: tokens, width: C })
      const statistics = recorder.tensor('statistics', replicas * y.capacity * tokens * 2)
      modulate(recorder, { replicas, samples }, x, ada, places, y, statistics)
      return [
        { name: 'y', tensor: y.tensor, expected: layOutAs(y, replicas, r => modulateForward(part(x, r, samples), vector(r, places.shift), vector(r, places.scale), samples, tokens, C).y) },
        { name: 'statistics', tensor: statistics, expected: () => layOut(replicas, y.capacity * tokens * 2, r => statisticsOf(x, r, shape)) },
      ]
    },
  }
}

function tangentCase(shape: Shape, moved: boolean, seed: number): OpCase {
  const { replicas, samples, capacity, tokens, width: C } = shape
  return {
    op: `modulate tangent${moved ? '' : ', weights at rest'}`, shape: describe(shape), seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const { ada, vector, places } = modulation(recorder, random, shape)
      const x = filled(recorder, random, 'x', { replicas, capacity: capacity + 1, rows: tokens, width: C }, { offset: 2 })
      const statisticsCapacity = samples + 1
      const statistics = given(recorder, 'statistics', { replicas, capacity: statisticsCapacity, rows: tokens, width: 2 },
        layOut(replicas, statisticsCapacity * tokens * 2, r => statisticsOf(x, r, shape)))
      const adaTangent = filled(recorder, random, 'modulation tangent', { ...ada, replicas })
      const xTangent = filled(recorder, random, 'x tangent', { replicas, capacity, rows: tokens, width: C })
      const yTangent = blank(recorder, 'y tangent', { replicas, capacity, rows: tokens, width: C })
      modulateTangent(recorder, { replicas, samples }, { x, xTangent, statistics: statistics.tensor, statisticsCapacity, ada, adaTangent: moved ? adaTangent : null, places, yTangent })
      const twin = (r: number) => {
        const moments = part(statistics, r, samples)
        const along = (from: number) => columns(part(adaTangent, r, samples), 7 * C, from, C).map(value => (moved ? value : 0))
        return tangentTwin(part(x, r, samples), vector(r, places.scale), moments.filter((_, i) => i % 2 === 0), moments.filter((_, i) => i % 2 === 1),
          part(xTangent, r, samples), along(places.shift), along(places.scale), samples, tokens, C)
      }
      return [{ name: 'y tangent', tensor: yTangent.tensor, expected: layOutAs(yTangent, replicas, twin) }]
    },
  }
}

interface Around {
  /** A residual stream around this sublayer, so also a gate. */
  residual: boolean
  /** A sublayer before it. */
  before: boolean
}

function backwardCase(shape: Shape, { residual, before }: Around, seed: number): OpCase {
  const { replicas, samples, capacity, tokens, width: C } = shape
  return {
    op: `modulate backward${residual ? '' : ', final layer'}${before ? '' : ', first sublayer'}`, shape: describe(shape), seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const { ada, vector, places, gateBefore } = modulation(recorder, random, shape)
      const size = { replicas, capacity, rows: tokens, width: C }
      const x = filled(recorder, random, 'x', { ...size, capacity: capacity + 1 }, { offset: -1 })
      const statisticsCapacity = samples + 1
      const statistics = given(recorder, 'statistics', { replicas, capacity: statisticsCapacity, rows: tokens, width: 2 },
        layOut(replicas, statisticsCapacity * tokens * 2, r => statisticsOf(x, r, shape)))
      const dy = filled(recorder, random, 'dy', size)
      const dresidual = filled(recorder, random, 'dresidual', size)
      const branch = filled(recorder, random, 'branch', { ...size, capacity: capacity + 2 })
      const [dx, dbranch] = [blank(recorder, 'dx', size), blank(recorder, 'dbranch', size)]
      // Other sublayers' vectors stand beside these: what is there must stay.
      const dada = filled(recorder, random, 'dmodulation', { replicas, capacity: capacity + 3, width: 7 * C })
      modulateBackward(recorder, { replicas, samples }, {
        dy, x, statistics: statistics.tensor, statisticsCapacity, ada, places: residual ? places : { ...places, gate: undefined },
        dresidual: residual ? dresidual : null, dx, before: before ? { dbranch, gate: gateBefore } : null, branch: residual ? branch : null, dada,
      })

      const twin = (r: number) => {
        const moments = part(statistics, r, samples)
        const result = backwardTwin(part(x, r, samples), vector(r, places.scale), moments.filter((_, i) => i % 2 === 0), moments.filter((_, i) => i % 2 === 1), part(dy, r, samples), samples, tokens, C)
        if (residual) result.dx.forEach((_, i) => { result.dx[i] += part(dresidual, r, samples)[i] })
        return result
      }
      const dadaOf = (r: number) => {
        const { dshift, dscale } = twin(r)
        const { dgate } = gateResidualBackward(vector(r, places.gate), part(branch, r, samples), part(dresidual, r, samples), samples, tokens, C)
        const rows = part(dada, r, dada.capacity).slice()
        for (let b = 0; b < samples; b++) {
          rows.set(dshift.subarray(b * C, (b + 1) * C), b * 7 * C + places.shift)
          rows.set(dscale.subarray(b * C, (b + 1) * C), b * 7 * C + places.scale)
          if (residual) rows.set(dgate.subarray(b * C, (b + 1) * C), b * 7 * C + places.gate)
        }
        return rows
      }
      const outputs: Output[] = [
        { name: 'dx', tensor: dx.tensor, expected: layOutAs(dx, replicas, r => twin(r).dx) },
        { name: 'dmodulation', tensor: dada.tensor, expected: layOutAs(dada, replicas, dadaOf) },
        // The gate's own gradient is none of dbranch's business: the twin's branch may be anything.
        { name: 'dbranch', tensor: dbranch.tensor, expected: layOutAs(dbranch, replicas, r => (before ? gateResidualBackward(vector(r, gateBefore), part(branch, r, samples), twin(r).dx, samples, tokens, C).dbranch : [])) },
      ]
      return outputs
    },
  }
}

const small: Shape = { replicas: 2, samples: 3, capacity: 4, tokens: 9, width: 12 }

export const modulateCases: OpCase[] = [
  forwardCase(small, 301),
  forwardCase({ replicas: 3, samples: 2, capacity: 2, tokens: 1, width: 4 }, 302),
  forwardCase({ replicas: 1, samples: 5, capacity: 5, tokens: 16, width: 96 }, 303),
  backwardCase(small, { residual: true, before: true }, 304),
  backwardCase(small, { residual: true, before: false }, 305),
  backwardCase({ ...small, tokens: 37, width: 4 }, { residual: false, before: true }, 306),
  backwardCase({ replicas: 3, samples: 2, capacity: 2, tokens: 16, width: 96 }, { residual: true, before: true }, 307),
  tangentCase(small, true, 308),
  tangentCase({ ...small, tokens: 37, width: 4 }, false, 309),
  tangentCase({ replicas: 3, samples: 2, capacity: 2, tokens: 16, width: 96 }, true, 310),
]
