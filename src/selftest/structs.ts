/** Knobs and state of the kernels as a case sets them: fields named in the shader files, zero unless given. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { PATH_WORDS, pathTable } from '../flow/path_table.ts'
import type { Path } from '../flow/paths.ts'
import { packStruct, structLayout, type StructLayout } from '../engine/struct.ts'
import type { Output } from './case.ts'

const layouts = { knobs: structLayout('lib/knobs.wgsl', 'Knobs'), state: structLayout('lib/state.wgsl', 'State') }

type Fields = Record<string, number>

function pack(recorder: Recorder, name: string, layout: StructLayout, replicas: Fields[]): Tensor {
  const zero = Object.fromEntries(layout.fields.map(field => [field.name, 0]))
  const words = new Uint32Array(replicas.length * layout.words)
  replicas.forEach((fields, r) => words.set(packStruct(layout, { ...zero, ...fields }), r * layout.words))
  return recorder.constant(name, words)
}

/** One element per replica. */
export const knobs = (recorder: Recorder, replicas: Fields[]) => pack(recorder, 'knobs', layouts.knobs, replicas)
/** The same; a batch in one piece unless `whole_low` and `whole_anchors` say more. */
export const state = (recorder: Recorder, replicas: Fields[]) =>
  pack(recorder, 'state', layouts.state, replicas.map(({ low = 0, anchors = 0, ...more }) => ({ low, anchors, whole_low: low, whole_anchors: anchors, ...more })))

/** The table of a path for each replica. */
export function paths(recorder: Recorder, replicas: readonly Path[]): Tensor {
  const table = new Float32Array(replicas.length * PATH_WORDS)
  replicas.forEach((path, r) => table.set(pathTable(path), r * PATH_WORDS))
  return recorder.constant('paths', table)
}

/** The state's `field` in every replica, as an output to compare. */
export function stateOutput(tensor: Tensor, field: string, replicas: number, expected: (replica: number) => number): Output {
  const found = layouts.state.fields.find(candidate => candidate.name === field)
  if (!found) throw new Error(`the state has no field ${field}`)
  const each = Array.from({ length: replicas }, (_, r) => r)
  return {
    name: `state.${field}`, tensor, at: each.map(r => r * layouts.state.words + found.word),
    expected: () => (found.type === 'f32' ? Float64Array.from(each, expected) : Uint32Array.from(each, expected)),
  }
}
