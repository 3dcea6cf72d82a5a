/** Eight round Gaussians on a circle, of which everything is known: the velocity, its floor, the class. */
import { gaussianMixture, knownFrom } from './gaussian-mixture.ts'
import { definePoints } from './points.ts'

const CLASSES = 8
const RADIUS = 1.6
const DEVIATION = 0.15
const means = Array.from({ length: CLASSES }, (_, c): [number, number] => [RADIUS * Math.cos((2 * Math.PI * c) / CLASSES), RADIUS * Math.sin((2 * Math.PI * c) / CLASSES)])
const mixture = gaussianMixture({ dimensions: 2, classes: CLASSES, basis: Float64Array.of(1, 0, 0, 1), means: Float64Array.from(means.flat()), inside: DEVIATION, outside: DEVIATION })

export default definePoints({
  id: 'eight-gaussians',
  label: 'Eight Gaussians',
  summary: 'Eight round Gaussians on a circle: the best velocity is known, so that the net’s field can be laid beside it.',
  classes: means.map((_, c) => `${(360 * c) / CLASSES}°`),
  from: ['right', 'up'],
  extent: 2.5,
  draw(random, latents) {
    latents[1] = DEVIATION * random.normal()
    latents[2] = DEVIATION * random.normal()
  },
  place([own, right, up]) {
    const [x, y] = means[own]
    return [x + right, y + up]
  },
  ...knownFrom(() => mixture, 1),
  floorAssumes: 'The exact loss of the best velocity for a model that is not told the class; what not knowing it costs is averaged over 2,000 draws.',
})
