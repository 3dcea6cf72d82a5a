/** What a feature loss compares, and how its gradient enters the residual stream. */
import { featureBackward, keepFeatures, nextPart, takeFeatureGradients, tokenMean, unitLength, unitLengthBackward } from '../../ops/features.ts'
import { tokenMeanBackward, tokenMeanForward, unitLengthBackward as unitBackwardTwin, unitLengthForward } from '../../reference/features.ts'
import { gateResidualBackward } from '../../reference/gate_residual.ts'
import { blank, columns, filled, given, layOut, layOutAs, type OpCase, part, TOLERANCE } from '../case.ts'
import { knobs, state, stateOutput } from '../structs.ts'

const tokenMeanCase: OpCase = {
  op: 'token mean', shape: 'R 2, B 5, T 9, C 12', seed: 701, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, samples, tokens, width] = [2, 5, 9, 12]
    const x = filled(recorder, random, 'x', { replicas, capacity: 7, rows: tokens, width })
    const z = blank(recorder, 'z', { replicas, capacity: 6, width })
    tokenMean(recorder, { replicas, samples }, x, z)
    return [{ name: 'z', tensor: z.tensor, expected: layOutAs(z, replicas, r => tokenMeanForward(part(x, r, samples), samples, tokens, width)) }]
  },
}

/** A zero vector among the others: it has no direction and must stay zero, and its gradient too. */
const unitLengthCase: OpCase = {
  op: 'unit length', shape: 'R 2, B 5, F 36, one of length 0', seed: 702, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, capacity, width, zero] = [2, 5, 36, 3]
    const size = { replicas, capacity, width }
    const numbers = random.normals(replicas * capacity * width).map((value, i) => (Math.floor(i / width) % capacity === zero ? 0 : value))
    const z = given(recorder, 'z', size, numbers)
    const [unit, inverse] = [recorder.tensor('unit', replicas * capacity * width), recorder.tensor('inverse', replicas * capacity)]
    unitLength(recorder, replicas, z, unit, inverse)
    const twin = (r: number) => unitLengthForward(part(z, r, capacity), capacity, width)
    return [
      { name: 'unit', tensor: unit, expected: layOutAs(z, replicas, r => twin(r).unit) },
      { name: 'inverse', tensor: inverse, expected: () => layOut(replicas, capacity, r => twin(r).length.map((length, i) => (i === zero ? 0 : 1 / length))) },
    ]
  },
}

const unitLengthBackwardCase: OpCase = {
  op: 'unit length backward', shape: 'R 2, B 5, F 36', seed: 703, tolerance: TOLERANCE,
  record(recorder, random) {
    const [replicas, capacity, width] = [2, 5, 36]
    const size = { replicas, capacity, width }
    const forward = unitLengthForward(random.normals(replicas * capacity * width), replicas * capacity, width)
    const unit = given(recorder, 'unit', size, forward.unit)
    const inverse = given(recorder, 'inverse', { ...size, width: 1 }, forward.length.map(length => 1 / length))
    const dunit = filled(recorder, random, 'dunit', size)
    const dz = blank(recorder, 'dz', size)
    unitLengthBackward(recorder, replicas, dz, unit.tensor, inverse.tensor, dunit.tensor, dz.tensor)
    const twin = (r: number) => unitBackwardTwin(part(unit, r, capacity), part(inverse, r, capacity).map(value => 1 / value), part(dunit, r, capacity), capacity, width)
    return [{ name: 'dz', tensor: dz.tensor, expected: layOutAs(dz, replicas, twin) }]
  },
}

/** The last two samples are anchors: nobody has written their rows of dx, so these are set. */
function featureBackwardCase(pooled: boolean, seed: number): OpCase {
  const [replicas, batch, samples, tokens, width] = [2, 3, 5, 9, 12]
  return {
    op: `feature backward, ${pooled ? 'token mean' : 'all tokens'}`, shape: `R ${replicas}, B ${batch} and ${samples - batch} anchors, T ${tokens}, C ${width}`, seed, tolerance: TOLERANCE,
    record(recorder, random) {
      const dz = filled(recorder, random, 'dz', { replicas, capacity: 6, rows: pooled ? 1 : tokens, width })
      const ada = filled(recorder, random, 'modulation', { replicas, capacity: 7, width: 3 * width })
      const dx = filled(recorder, random, 'dx', { replicas, capacity: 6, rows: tokens, width })
      const dbranch = blank(recorder, 'dbranch', { replicas, capacity: 6, rows: tokens, width })
      featureBackward(recorder, { replicas, samples }, batch, pooled, dz, ada, width, dx, dbranch)
      const added = (r: number) => (pooled ? tokenMeanBackward(part(dz, r, samples), samples, tokens, width) : part(dz, r, samples))
      const sum = (r: number) => added(r).map((value, i) => (i < batch * tokens * width ? value + part(dx, r, samples)[i] : value))
      const kept = (r: number) => part(dx, r, 6).map((value, i) => sum(r)[i] ?? value)
      const gated = (r: number) => gateResidualBackward(columns(part(ada, r, samples), 3 * width, width, width), sum(r), sum(r), samples, tokens, width).dbranch
      return [
        { name: 'dx', tensor: dx.tensor, expected: layOutAs(dx, replicas, kept) },
        { name: 'dbranch', tensor: dbranch.tensor, expected: layOutAs(dbranch, replicas, gated) },
      ]
    },
  }
}

/** Replicas: a term with two anchors in this micro-batch; one whose rows stand already; one without anchors. */
function amongCase(anchored: boolean, seed: number): OpCase {
  const [replicas, batch, whole, width, parts] = [3, 4, 12, 20, 3]
  const anchors = anchored ? [2, 0, 0] : [0, 0, 0]
  const capacity = anchored ? 2 * batch : batch
  const places = Uint32Array.from([0, 2, 5, 11, 4, 7, 8, 9, 0, 1, 10, 3])
  const at = (r: number, row: number) => (row < batch ? places[r * batch + row] : whole + places[r * batch + row - batch])
  return {
    op: `a micro-batch among others${anchored ? ', anchors' : ''}`, shape: `R ${replicas}, B ${batch} of ${whole}, F ${width}`, seed, tolerance: 0,
    record(recorder, random) {
      const states = state(recorder, anchors.map((count, r) => ({ anchors: count, part: r })))
      const among = { replicas, batch, whole, state: states, place: recorder.constant('place', places) }
      const z = filled(recorder, random, 'z', { replicas, capacity, width })
      const all = blank(recorder, 'all', { replicas, capacity: parts * capacity, width })
      keepFeatures(recorder, among, z, all.tensor)
      const dall = filled(recorder, random, 'dz of all', { replicas, capacity: parts * capacity, width })
      const allRows = filled(recorder, random, 'rows of all', { replicas, capacity: whole, width: 4 })
      const rows = filled(recorder, random, 'rows', { replicas, capacity: batch, width: 4 })
      const dz = filled(recorder, random, 'dz', { replicas, capacity, width })
      takeFeatureGradients(recorder, among, knobs(recorder, [0, 2, 1].map(term => ({ term }))), { dz: dall.tensor, rows: allRows.tensor }, dz, rows.tensor)
      nextPart(recorder, replicas, parts, states)
      const present = (r: number) => Array.from({ length: capacity }, (_, row) => row).filter(row => row < batch + anchors[r])
      const rowOf = (values: Float64Array, row: number, size = width) => values.subarray(row * size, (row + 1) * size)
      const kept = (r: number) => {
        const values = new Float64Array(parts * capacity * width)
        for (const row of present(r)) values.set(rowOf(part(z, r, capacity), row), at(r, row) * width)
        return values
      }
      const taken = (r: number) => {
        const values = new Float64Array(capacity * width)
        for (const row of present(r)) values.set(rowOf(part(dall, r, parts * capacity), at(r, row)), row * width)
        return values
      }
      return [
        { name: 'all', tensor: all.tensor, expected: layOutAs(all, replicas, kept) },
        { name: 'dz', tensor: dz.tensor, expected: layOutAs(dz, replicas, taken) },
        { name: 'rows', tensor: rows.tensor, expected: layOutAs(rows, replicas, r => (r === 1 ? part(rows, r, batch) : Float64Array.from({ length: 4 * batch }, (_, i) => rowOf(part(allRows, r, whole), at(r, i >>> 2), 4)[i & 3]))) },
        stateOutput(states, 'part', replicas, r => (r + 1) % parts),
      ]
    },
  }
}

export const featureCases: OpCase[] = [tokenMeanCase, unitLengthCase, unitLengthBackwardCase, featureBackwardCase(true, 704), featureBackwardCase(false, 705), amongCase(true, 706), amongCase(false, 707)]
