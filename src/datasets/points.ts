/** Points of the plane as a data set: images of one pixel whose two channels are its coordinates. A transformer of one token is then a perceptron with residual blocks. */
import type { PhiloxStream } from '../engine/philox.ts'
import { gaussianMixture, knownFrom } from './gaussian-mixture.ts'
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

/** Round Gaussians of one width, a class each, of which everything is known. */
export function defineGaussians({ means, deviation, ...rest }: Omit<PointsDefinition, 'from' | 'extent' | 'draw' | 'place'> & { means: readonly (readonly [number, number])[]; deviation: number }): ProceduralDataset {
  const mixture = gaussianMixture({ dimensions: 2, classes: means.length, basis: Float64Array.of(1, 0, 0, 1), means: Float64Array.from(means.flat()), inside: deviation, outside: deviation })
  return definePoints({
    ...rest,
    from: ['right', 'up'],
    extent: 2.5,
    draw(random, latents) {
      latents[1] = deviation * random.normal()
      latents[2] = deviation * random.normal()
    },
    place([own, right, up]) {
      const [x, y] = means[own]
      return [x + right, y + up]
    },
    ...knownFrom(() => mixture, 1),
    floorAssumes: `The exact loss of the best velocity for a model that is not told the class; what not knowing it costs is averaged over ${(250 * means.length).toLocaleString('en')} draws.`,
  })
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
