/**
 * The two classes of contrastive flow matching's notebook (arXiv 2506.05350, fig. 3), seen from its source: there noise is N((−15, 0), .5²) and the classes
 * stand at 5 (1, 0) and 5 (cos 12.566°, sin 12.566°) with a standard deviation of .5. Here all is measured from the middle of the source and in tenths, so
 * that noise of scale .05 is the notebook's.
 */
import { gaussianMixture, knownFrom } from './gaussian-mixture.ts'
import { definePoints } from './points.ts'

const SCALE = 0.1
const DEVIATION = SCALE * 0.5
const ANGLE = (12.566 * Math.PI) / 180
const means: [number, number][] = [0, ANGLE].map(angle => [SCALE * (15 + 5 * Math.cos(angle)), SCALE * 5 * Math.sin(angle)])
const mixture = gaussianMixture({ dimensions: 2, classes: 2, basis: Float64Array.of(1, 0, 0, 1), means: Float64Array.from(means.flat()), inside: DEVIATION, outside: DEVIATION })

export default definePoints({
  id: 'two-classes',
  label: 'Two near classes',
  summary: 'Two round Gaussians 1.09 apart, each .5 wide, 20 away from where noise stands: the notebook of contrastive flow matching, in tenths.',
  classes: ['lower', 'upper'],
  from: ['right', 'up'],
  extent: 2.5,
  zoom: { centre: [1, 0.055], times: [2, 8] }, // from where noise stands to the classes, and between these
  draw(random, latents) {
    latents[1] = DEVIATION * random.normal()
    latents[2] = DEVIATION * random.normal()
  },
  place([own, right, up]) {
    const [x, y] = means[own]
    return [x + right, y + up]
  },
  ...knownFrom(() => mixture, 1),
  floorAssumes: 'The exact loss of the best velocity for a model that is not told the class; what not knowing it costs is averaged over 500 draws.',
})
