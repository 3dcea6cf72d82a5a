/** Which numbers of each tensor a walk brings back: one image, a few rows, never more than an eye can take in. Pure. */
import type { Tensor } from '../../engine/recorder.ts'
import type { Training } from '../../model/training.ts'
import type { Bound, Move } from './derive.ts'

/** Most numbers of one tensor. */
export const MOST = 12_288
/** Most numbers of one block's qkv that are fetched to make its attention weights anew, and most weights shown. */
const MOST_QKV = 2 ** 19
const MOST_WEIGHTS = 2 ** 15

export interface Piece {
  /** Index of the dispatch after which it is copied; −1 before all. */
  after: number
  tensor: Tensor
  /** Elements. */
  offset: number
  count: number
}

/** How a piece is laid out: pictures side by side, of rows and columns. */
export interface Layout {
  groups: number
  rows: number
  columns: number
  /** Which part of the tensor this is, in words; empty when it is all of it. */
  part: string
}

export interface AttentionPiece {
  qkv: Piece
  lse: Piece
  tokens: number
  heads: number
  depth: number
  queries: number
}

const some = (shown: number, all: number, what: string) => (shown < all ? `the first ${shown} of ${all} ${what}` : '')

/** @param sample image of the batch; @param after the dispatch that has just written it */
export function pieceOf(bound: Bound, training: Training, sample: number, after: number): { piece: Piece; layout: Layout } | null {
  const { layout, optimizer, gradients } = training
  const { tensor, sizes } = bound
  const reduced = training.recorder.dispatches.findLastIndex(({ bindings }) => Object.values(bindings).includes(optimizer.gradients) && Object.values(bindings).includes(gradients.planes))
  if (bound.layer !== null) {
    // Gradients lie in slices until they are added up, so they are fetched when that is done.
    const summed = tensor === gradients.planes && reduced >= 0
    return matrix(summed ? optimizer.gradients : tensor, bound.offset, sizes[0], sizes[1], summed ? reduced : after)
  }
  if (bound.letters[0] === 'parameters') {
    const [name, { offset, inputs, outputs }] = Object.entries(layout.layers).find(([key]) => key.endsWith('attn.qkv') || key.endsWith('mlp.fc1'))!
    const one = matrix(tensor, offset, inputs + 1, outputs, after)
    return { ...one, layout: { ...one.layout, part: [name, one.layout.part].filter(Boolean).join(', ') } }
  }
  if (tensor === optimizer.metrics) return null // a ring of all steps so far
  if (!bound.samples || sizes.length === 2) return sizes.length === 2 ? matrix(tensor, 0, sizes[0], sizes[1], after, bound.samples ? 'images' : 'rows') : matrix(tensor, 0, 1, sizes.reduce((all, size) => all * size), after)
  if (sizes.length === 1) return matrix(tensor, 0, 1, sizes[0], after)
  const each = sizes.slice(1)
  const [all, rows, columns] = each.length === 2 ? [1, each[0], each[1]] : [each[0], each.slice(1, -1).reduce((product, size) => product * size), each.at(-1)!]
  const groups = all * rows * columns > MOST ? 1 : all // one channel of an image too large
  const shown = Math.max(1, Math.min(rows, Math.floor(MOST / columns)))
  const part = [groups < all ? some(1, all, 'pictures') : '', some(shown, rows, 'rows')].filter(Boolean).join(', ')
  return { piece: { after, tensor, offset: sample * all * rows * columns, count: groups * shown * columns }, layout: { groups, rows: shown, columns, part } }
}

function matrix(tensor: Tensor, offset: number, rows: number, columns: number, after: number, what = 'rows'): { piece: Piece; layout: Layout } {
  const across = Math.min(columns, MOST)
  const shown = Math.max(1, Math.min(rows, Math.floor(MOST / across)))
  const part = across < columns ? some(across, columns, 'columns') : some(shown, rows, what)
  return { piece: { after, tensor, offset, count: shown * across }, layout: { groups: 1, rows: shown, columns: across, part } }
}

/** Kernels whose weights can be shown: who looks at whom. */
const WEIGHING = new Set(['attention', 'attention_lanes'])

/** What one image’s attention weights need; null for any other move, and where there are too many tokens. */
export function attentionPiece(move: Move, sample: number, after: number): AttentionPiece | null {
  if (!WEIGHING.has(move.kernel)) return null
  const { tokens, heads } = move.shape
  const qkv = move.reads.find(({ name }) => name.startsWith('qkv'))
  const lse = move.writes.find(({ name }) => name.startsWith('log-sum-exp'))
  if (!qkv || !lse) return null
  const width = qkv.sizes.at(-1)! / 3
  const count = 3 * tokens * width
  if (count > MOST_QKV) return null
  const queries = Math.max(1, Math.min(tokens, Math.floor(MOST_WEIGHTS / (heads * tokens))))
  return {
    qkv: { after, tensor: qkv.tensor, offset: sample * count, count }, lse: { after, tensor: lse.tensor, offset: sample * heads * tokens, count: heads * tokens },
    tokens, heads, depth: width / heads, queries,
  }
}
