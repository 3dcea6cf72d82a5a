/** Work of a recording, counted off its dispatches: nothing is estimated here but how many anchors a batch has. */
import type { Dispatch, Recorder } from '../engine/recorder.ts'

export interface Work {
  /** Multiplications and additions of matrix products, attention and averages over candidates; whatever else a kernel does is little beside them. */
  flops: number
  dispatches: number
}

export interface Counting {
  replicas: number
  /** Of a dispatch whose workgroups the GPU counts: the part of its samples that there are on average. */
  share?: number
  /** Images that ExFM averages a target over, on average over replicas. */
  candidates?: number
}

/** 2·M·K·N of Y = X W, from the shape that counts K and N in fours. */
const product = ({ shape: { rows, inner, columns } }: Dispatch) => 2 * rows * 4 * inner * 4 * columns

/** `products` of T² C each: scores, values, and their gradients. */
const attending = (products: number) => ({ shape: { samples, heads, tokens, head }, specialisation }: Dispatch) =>
  2 * products * samples * heads * tokens ** 2 * 4 * (head ?? Number(specialisation.constants?.HEAD))

const backward = (dispatch: Dispatch) => product(dispatch) * ((dispatch.shape.input_groups > 0 ? 1 : 0) + (dispatch.shape.slices > 0 ? 1 : 0))

/** Of one replica. The backward pass of attention makes the scores anew in both of its kernels. */
const flopsOf: Record<string, (dispatch: Dispatch, counting: Counting) => number> = {
  matmul_nn: product, matmul_nn_lanes: product, linear_backward: backward, linear_backward_lanes: backward,
  attention: attending(2), attention_lanes: attending(2), attention_backward_query: attending(3), attention_backward_query_lanes: attending(3), attention_backward_key: attending(4), attention_backward_key_lanes: attending(4),
  average_goal: ({ shape, groups }, { candidates = 0 }) => (Array.isArray(groups) ? 5 * groups[0] * shape.dimensions * candidates : 0),
}

export function workOf({ dispatches }: Pick<Recorder, 'dispatches'>, counting: Counting): Work {
  let flops = 0
  for (const dispatch of dispatches) flops += (Array.isArray(dispatch.groups) ? 1 : counting.share ?? 1) * counting.replicas * (flopsOf[dispatch.kernel]?.(dispatch, counting) ?? 0)
  return { flops, dispatches: dispatches.length }
}
