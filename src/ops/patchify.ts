/** Images (R,B,ch,h,w) and tokens (R,B,T,Pv), Pv = P²·ch rounded up to a multiple of 4 with zeros. Each direction is the other's adjoint. */
import type { Recorder, Tensor } from '../engine/recorder.ts'
import { type Extent, groupsOver } from './extent.ts'
import type { Activation } from './linear.ts'

export interface PatchGeometry {
  channels: number
  size: number
  patch: number
}

/** DiT reads patches as (c,py,px) and writes them as (py,px,c). */
export type PatchOrder = 'cpp' | 'ppc'

export const paddedPatch = ({ channels, patch }: PatchGeometry) => Math.ceil((patch * patch * channels) / 4) * 4
const ORDER = { cpp: 0, ppc: 1 }

function shapeOf(extent: Extent, { channels, size, patch }: PatchGeometry, imageCapacity: number, tokens: Activation) {
  return { samples: extent.samples, channels, size, side_of_patch: patch, padded: tokens.width / 4, image_stride: imageCapacity * channels * size * size, token_stride: (tokens.capacity * tokens.rows * tokens.width) / 4 }
}

/** image (R, imageCapacity, ch,h,w) → tokens */
export function patchify(recorder: Recorder, extent: Extent, geometry: PatchGeometry, order: PatchOrder, image: Tensor, imageCapacity: number, tokens: Activation): void {
  recorder.dispatch('patchify', { image, tokens: tokens.tensor }, shapeOf(extent, geometry, imageCapacity, tokens),
    groupsOver(extent, { units: (tokens.rows * tokens.width) / 4, perGroup: 64 }), { constants: { ORDER: ORDER[order] } })
}

/** tokens → image (R, imageCapacity, ch,h,w) */
export function unpatchify(recorder: Recorder, extent: Extent, geometry: PatchGeometry, order: PatchOrder, tokens: Activation, image: Tensor, imageCapacity: number): void {
  const { channels, size } = geometry
  recorder.dispatch('unpatchify', { image, tokens: tokens.tensor }, shapeOf(extent, geometry, imageCapacity, tokens),
    groupsOver(extent, { units: channels * size * size, perGroup: 64 }), { constants: { ORDER: ORDER[order] } })
}
