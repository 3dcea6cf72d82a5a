/** Derivatives of the float64 transformer by central differences: what exact tangents of the GPU are held against. */
import type { NetConfig } from '../../src/config.ts'
import { ditForward } from '../../src/reference/dit.ts'
import type { DitParameters } from '../../src/reference/dit_parameters.ts'
import { tokenMeanForward } from '../../src/reference/features.ts'
import type { Sight } from './frozen_net.ts'

const STEP = 1e-5

const along = (x: Float64Array, direction: Float64Array | null, step: number) => (direction ? x.map((value, i) => value + step * direction[i]) : x)

/** Slopes along directions of the image (n,ch,h,w) and the parameters, each null to stay: of the velocity, and of the token mean after every block. */
export function differences(net: NetConfig, parameters: DitParameters, { image, t, labels }: Sight, dimage: Float64Array | null, dparameters: DitParameters | null) {
  const [T, C] = [(net.size / net.patch) ** 2, net.width]
  const at = (step: number) => {
    const moved = dparameters ? Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, along(values, dparameters[name], step)])) : parameters
    const { velocity, blocks } = ditForward(net, moved, along(image, dimage, step), t, labels)
    return { velocity: velocity!, features: blocks.map(({ out }) => tokenMeanForward(out, t.length, T, C)) }
  }
  const [above, below] = [at(STEP), at(-STEP)]
  const slope = (high: Float64Array, low: Float64Array) => high.map((value, i) => (value - low[i]) / (2 * STEP))
  return { velocity: slope(above.velocity, below.velocity), features: above.features.map((values, i) => slope(values, below.features[i])) }
}
