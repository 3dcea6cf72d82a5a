/** Multi-head attention on the packed qkv (R,B,T,3,H,D), forward, tangent and backward without a score matrix or atomics. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Extent, groupsOver } from './extent.ts'
import { type Activation, strideOf } from './linear.ts'

const QUERIES = 2

/** qkv (R,B,T,3C) → out (R,B,T,C), lse (R,B,H,T) */
export function attention(recorder: Recorder, extent: Extent, heads: number, qkv: Activation, out: Activation, lse: Tensor): void {
  const tokens = qkv.rows
  const { lanes } = recorder.tiles
  const HEAD = out.width / heads / 4
  const bindings = { qkv: qkv.tensor, out: out.tensor, lse }
  const shape = { samples: extent.samples, tokens, heads, qkv_stride: strideOf(qkv), out_stride: strideOf(out), lse_stride: out.capacity * heads * tokens }
  const EACH = lanes ? rowsOfThread(tokens, lanes) : 0
  if (lanes) recorder.dispatch('attention_lanes', bindings, { ...shape, head: HEAD }, headGroups(extent, heads, tokens, lanes * EACH), { constants: { HEAD, LANES: lanes, QUERIES: EACH } })
  else recorder.dispatch('attention', bindings, shape, groupsOver(extent, { units: heads * Math.ceil(tokens / QUERIES), perGroup: 64 }), { constants: { HEAD, QUERIES } })
}

/** Workgroups of one subgroup each, every one of them of one head and as many of its tokens as the subgroup takes. */
const headGroups = (extent: Extent, heads: number, tokens: number, taken: number) => groupsOver(extent, { units: heads * Math.ceil(tokens / taken), perGroup: 1 })

/** Queries or keys of a thread where subgroups share what they load: as few idle ones as at most two allow, or four on SwiftShader, which compiles quickly. */
function rowsOfThread(tokens: number, lanes: number): number {
  const turns = Math.ceil(tokens / lanes)
  return Math.ceil(turns / Math.ceil(turns / (lanes === 4 ? 4 : 2)))
}

/** qkvTangent (R,B,T,3C) → outTangent (R,B,T,C), at the out and lse of the forward pass */
export function attentionTangent(
  recorder: Recorder, extent: Extent, heads: number, qkv: Activation, out: Activation, lse: Tensor, qkvTangent: Activation, outTangent: Activation,
): void {
  const tokens = qkv.rows
  recorder.dispatch('attention_tangent', { qkv: qkv.tensor, qkv_tangent: qkvTangent.tensor, out: out.tensor, lse, out_tangent: outTangent.tensor }, {
    samples: extent.samples, tokens, heads, qkv_stride: strideOf(qkv), out_stride: strideOf(out), lse_stride: out.capacity * heads * tokens,
    qkv_tangent_stride: strideOf(qkvTangent), out_tangent_stride: strideOf(outTangent),
  }, groupsOver(extent, { units: heads * tokens, perGroup: 64 }), { constants: { HEAD: out.width / heads / 4 } })
}

/** dout (R,B,T,C) → dqkv (R,B,T,3C); delta (R,B,H,T) is scratch. */
export function attentionBackward(
  recorder: Recorder, extent: Extent, heads: number, qkv: Activation, out: Activation, lse: Tensor, dout: Activation, dqkv: Activation, delta: Tensor,
): void {
  const tokens = qkv.rows
  const { lanes } = recorder.tiles
  const HEAD = out.width / heads / 4
  const shape = {
    samples: extent.samples, tokens, heads, qkv_stride: strideOf(qkv), lse_stride: out.capacity * heads * tokens, dqkv_stride: strideOf(dqkv), dout_stride: strideOf(dout),
    ...(lanes ? { head: HEAD } : {}),
  }
  const EACH = lanes ? rowsOfThread(tokens, lanes) : 0
  const groups = lanes ? headGroups(extent, heads, tokens, lanes * EACH) : groupsOver(extent, { units: heads * tokens, perGroup: 64 })
  const [query, key, constants, keyConstants] = lanes
    ? ['attention_backward_query_lanes', 'attention_backward_key_lanes', { HEAD, LANES: lanes, QUERIES: EACH }, { HEAD, LANES: lanes, KEYS: EACH }] as const
    : ['attention_backward_query', 'attention_backward_key', { HEAD }, { HEAD }] as const
  recorder.dispatch(query, { qkv: qkv.tensor, out: out.tensor, lse, dout: dout.tensor, dqkv: dqkv.tensor, delta }, { ...shape, out_stride: strideOf(out) }, groups, { constants })
  recorder.dispatch(key, { qkv: qkv.tensor, lse, delta, dout: dout.tensor, dqkv: dqkv.tensor }, shape, groups, { constants: keyConstants })
}
