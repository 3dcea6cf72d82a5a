/** What a solver makes of velocities: combinations with and without noise, and the error of an embedded pair. */
import { normals, philox, STREAM_SAMPLE } from '../../engine/philox.ts'
import { mixVelocity, MOST_PLANES, packRow, solverCombine, solverError } from '../../ops/solver.ts'
import { mixVelocity as mixTwin, solverCombine as combineTwin, solverError as errorTwin } from '../../reference/solver.ts'
import { filled, given, layOut, type OpCase, part, TOLERANCE } from '../case.ts'

const [replicas, length, planes] = [3, 150, 3]

/** Velocities (planes,R,length) of one replica. */
const planesOf = (k: { values: Float64Array }, r: number) => Array.from({ length: planes }, (_, j) => k.values.subarray((j * replicas + r) * length, (j * replicas + r + 1) * length))

const combineCase: OpCase = {
  op: 'solver combine', shape: `R ${replicas}, ${length} values, ${planes} planes`, seed: 1204, tolerance: TOLERANCE,
  record(recorder, random) {
    const x = filled(recorder, random, 'x', { replicas, capacity: 1, width: length })
    const k = filled(recorder, random, 'k', { replicas: planes * replicas, capacity: 1, width: length })
    const rows = [{ keep: 1, along: [-0.04], noise: 0 }, { keep: 0.75, along: [-0.5, 0.25, -0.125], noise: 0.5 }, { keep: 1, along: [0, 0, 0.0625], noise: 0 }]
    const words = Uint32Array.from(rows.flatMap((row, r) => [...packRow(row, 40 + r, 7)]))
    const y = recorder.tensor('y', replicas * length)
    solverCombine(recorder, replicas, length, planes, recorder.constant('rows', words), x.tensor, k.tensor, y)
    const xi = (r: number) => Float64Array.from({ length }, (_, i) => normals(philox(i >>> 2, 7, STREAM_SAMPLE, 0, 40 + r, 0))[i & 3])
    const twin = (r: number) => combineTwin(part(x, r, 1), planesOf(k, r), { ...rows[r], along: rows[r].along.map(Math.fround) }, xi(r))
    return [{ name: 'y', tensor: y, expected: () => layOut(replicas, length, twin) }]
  },
}

const errorCase: OpCase = {
  op: 'solver error', shape: `R ${replicas}, ${length} values, ${planes} planes`, seed: 1205, tolerance: TOLERANCE,
  record(recorder, random) {
    const [x, y] = ['x', 'y'].map(name => filled(recorder, random, name, { replicas, capacity: 1, width: length }))
    const k = filled(recorder, random, 'k', { replicas: planes * replicas, capacity: 1, width: length })
    const along = given(recorder, 'along', { replicas, capacity: 1, width: MOST_PLANES }, Float64Array.from({ length: replicas * MOST_PLANES }, (_, i) => (i % MOST_PLANES < planes ? [0.25, -0.5, 0.125][(i + (i >>> 3)) % 3] : 0)))
    const norm = recorder.tensor('norm', replicas)
    const tolerance = { atol: Math.fround(0.01), rtol: Math.fround(0.1) }
    solverError(recorder, replicas, length, planes, tolerance, along.tensor, x.tensor, y.tensor, k.tensor, norm)
    const twin = (r: number) => [errorTwin(part(x, r, 1), part(y, r, 1), planesOf(k, r), [...part(along, r, 1).subarray(0, planes)], tolerance.atol, tolerance.rtol)]
    return [{ name: 'norm', tensor: norm, expected: () => layOut(replicas, 1, twin) }]
  },
}

/** Replicas: as it was, guided, corrected. In the first the other summands are no numbers, and are not touched. */
const mixCase: OpCase = {
  op: 'mix velocity', shape: `R ${replicas}, ${length} values`, seed: 1206, tolerance: TOLERANCE,
  record(recorder, random) {
    const [v, first, mean] = ['v', 'first', 'mean'].map(name => filled(recorder, random, name, { replicas, capacity: 1, width: length }))
    const wild = (values: Float64Array) => Float32Array.from(values, (value, i) => (i < length ? Number.NaN : value))
    const rows = [{ own: 1, held: 0, mean: 0 }, { own: -2, held: 3, mean: 0 }, { own: 0.75, held: 0, mean: 0.25 }]
    const factors = recorder.constant('factors', Float32Array.from(rows.flatMap(({ own, held, mean: m }) => [own, held, m, 0])))
    mixVelocity(recorder, replicas, length, factors, recorder.constant('first, wild', wild(first.values)), recorder.constant('mean, wild', wild(mean.values)), v.tensor)
    return [{ name: 'v', tensor: v.tensor, expected: () => layOut(replicas, length, r => mixTwin(part(v, r, 1), part(first, r, 1), part(mean, r, 1), rows[r])) }]
  },
}

export const solverCases: OpCase[] = [combineCase, errorCase, mixCase]
