/** Points of the plane as a data set: images of one pixel whose two channels are its coordinates. A transformer of one token is then a perceptron with residual blocks. */
import type { PhiloxStream } from '../engine/philox.ts'
import { type DatasetDefinition, defineDataset, type Plane, type ProceduralDataset } from './dataset.ts'

interface PointsDefinition extends Pick<DatasetDefinition, 'id' | 'label' | 'summary' | 'classes'>, Partial<Pick<DatasetDefinition, 'floor' | 'floorEstimate' | 'floorAssumes' | 'posterior' | 'field' | 'bayesAccuracy'>> {
  /** Names of what a point is drawn from, besides its class. */
  from: readonly string[]
  /** Half the side of the square that holds them all, about 0. */
  extent: number
  zoom?: Plane['zoom']
  /** Draws everything but the class, which is any of them. */
  draw(random: PhiloxStream, latents: Float32Array): void
  /** Where the point of one row of latents, class first, stands. */
  place(latents: Float32Array): [number, number]
}

export function definePoints({ from, extent, zoom, draw, place, ...rest }: PointsDefinition): ProceduralDataset {
  return defineDataset({
    ...rest,
    channels: 2,
    size: 1,
    latentNames: ['class', ...from],
    plane: { extent, zoom },
    draw(random, latents) {
      latents[0] = random.integer(rest.classes.length)
      draw(random, latents)
    },
    render(latents, image) {
      image.set(place(latents))
    },
    swapClass(latents, to) {
      latents[0] = to
    },
  })
}
