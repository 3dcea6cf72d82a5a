/** Attention on packed qkv: token counts that are no multiple of 4 or of the queries per thread, one token, every head count. */
import { DEFAULT_TILES } from '../../engine/recorder.ts'
import { attention, attentionBackward, attentionTangent } from '../../ops/attention.ts'
import { attentionBackward as backwardTwin, attentionForward, attentionTangent as tangentTwin } from '../../reference/attention.ts'
import { blank, filled, given, layOut, layOutAs, type OpCase, part } from '../case.ts'

interface Shape {
  replicas: number
  samples: number
  capacity: number
  tokens: number
  heads: number
  /** D, per head */
  width: number
  /** Threads that share keys; absent where each loads its own. */
  lanes?: number
  /** Spread of q, k and v: 3 makes some rows nearly one-hot. */
  scale?: number
}

/** exp of a score may lose 3 + 2·|score| units in the last place (WGSL). */
const ATTENTION_TOLERANCE = 5e-6

const describe = ({ replicas, samples, tokens, heads, width, lanes }: Shape) => `R ${replicas}, B ${samples}, T ${tokens}, H ${heads}, D ${width}${lanes ? `, ${lanes} lanes` : ''}`

const tilesOf = ({ lanes }: Shape) => (lanes ? { ...DEFAULT_TILES, lanes } : undefined)

function forwardCase(shape: Shape, seed: number): OpCase {
  const { replicas, samples, capacity, tokens: T, heads: H, width: D, scale } = shape
  return {
    op: 'attention', shape: describe(shape), seed, tolerance: ATTENTION_TOLERANCE, tiles: tilesOf(shape),
    record(recorder, random) {
      const qkv = filled(recorder, random, 'qkv', { replicas, capacity, rows: T, width: 3 * H * D }, { scale })
      const out = blank(recorder, 'out', { replicas, capacity: capacity + 1, rows: T, width: H * D })
      const lse = recorder.tensor('lse', replicas * out.capacity * H * T)
      attention(recorder, { replicas, samples }, H, qkv, out, lse)
      const twin = (r: number) => attentionForward(part(qkv, r, samples), samples, T, H, D)
      return [
        { name: 'out', tensor: out.tensor, expected: layOutAs(out, replicas, r => twin(r).out) },
        { name: 'lse', tensor: lse, expected: () => layOut(replicas, out.capacity * H * T, r => twin(r).lse) },
      ]
    },
  }
}

function backwardCase(shape: Shape, seed: number): OpCase {
  const { replicas, samples, capacity, tokens: T, heads: H, width: D, scale } = shape
  return {
    op: 'attention backward', shape: describe(shape), seed, tolerance: ATTENTION_TOLERANCE, tiles: tilesOf(shape),
    record(recorder, random) {
      const qkv = filled(recorder, random, 'qkv', { replicas, capacity, rows: T, width: 3 * H * D }, { scale })
      const outCapacity = capacity + 1
      const forward = Array.from({ length: replicas }, (_, r) => attentionForward(part(qkv, r, samples), samples, T, H, D))
      const out = given(recorder, 'out', { replicas, capacity: outCapacity, rows: T, width: H * D }, layOut(replicas, outCapacity * T * H * D, r => forward[r].out))
      const lse = given(recorder, 'lse', { replicas, capacity: outCapacity, width: H * T }, layOut(replicas, outCapacity * H * T, r => forward[r].lse))
      const dout = filled(recorder, random, 'dout', { replicas, capacity: capacity + 2, rows: T, width: H * D })
      const dqkv = blank(recorder, 'dqkv', { replicas, capacity: capacity + 3, rows: T, width: 3 * H * D })
      const delta = recorder.tensor('delta', replicas * outCapacity * H * T)
      attentionBackward(recorder, { replicas, samples }, H, qkv, out, lse.tensor, dout, dqkv, delta)
      return [{
        name: 'dqkv', tensor: dqkv.tensor,
        expected: layOutAs(dqkv, replicas, r => backwardTwin(part(qkv, r, samples), part(out, r, samples), part(lse, r, samples), part(dout, r, samples), samples, T, H, D)),
      }]
    },
  }
}

function tangentCase(shape: Shape, seed: number): OpCase {
  const { replicas, samples, capacity, tokens: T, heads: H, width: D, scale } = shape
  return {
    op: 'attention tangent', shape: describe(shape), seed, tolerance: ATTENTION_TOLERANCE,
    record(recorder, random) {
      const qkv = filled(recorder, random, 'qkv', { replicas, capacity, rows: T, width: 3 * H * D }, { scale })
      const outCapacity = capacity + 1
      const forward = Array.from({ length: replicas }, (_, r) => attentionForward(part(qkv, r, samples), samples, T, H, D))
      const out = given(recorder, 'out', { replicas, capacity: outCapacity, rows: T, width: H * D }, layOut(replicas, outCapacity * T * H * D, r => forward[r].out))
      const lse = given(recorder, 'lse', { replicas, capacity: outCapacity, width: H * T }, layOut(replicas, outCapacity * H * T, r => forward[r].lse))
      const qkvTangent = filled(recorder, random, 'qkv tangent', { replicas, capacity: capacity + 2, rows: T, width: 3 * H * D })
      const outTangent = blank(recorder, 'out tangent', { replicas, capacity: capacity + 3, rows: T, width: H * D })
      attentionTangent(recorder, { replicas, samples }, H, qkv, out, lse.tensor, qkvTangent, outTangent)
      return [{
        name: 'out tangent', tensor: outTangent.tensor,
        expected: layOutAs(outTangent, replicas, r => tangentTwin(part(qkv, r, samples), part(lse, r, samples), part(qkvTangent, r, samples), samples, T, H, D)),
      }]
    },
  }
}

const shapes: Shape[] = [
  { replicas: 2, samples: 2, capacity: 3, tokens: 9, heads: 3, width: 12 },
  { replicas: 2, samples: 2, capacity: 2, tokens: 37, heads: 2, width: 32 },
  { replicas: 1, samples: 3, capacity: 5, tokens: 36, heads: 1, width: 4, scale: 3 },
  { replicas: 3, samples: 3, capacity: 4, tokens: 1, heads: 3, width: 4 },
]

const shared: Shape[] = shapes.map((shape, i) => ({ ...shape, lanes: [4, 8, 8, 4][i] }))

export const attentionCases: OpCase[] = [
  ...shared.map((shape, i) => forwardCase(shape, 431 + i)),
  ...shared.map((shape, i) => backwardCase(shape, 441 + i)),
  ...shapes.map((shape, i) => forwardCase(shape, 401 + i)),
  ...shapes.map((shape, i) => backwardCase(shape, 411 + i)),
  ...shapes.map((shape, i) => tangentCase(shape, 421 + i)),
]
