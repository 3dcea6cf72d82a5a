/**
 * The two classes of contrastive flow matching's notebook (arXiv 2506.05350, fig. 3), seen from its source: there noise is N((−15, 0), .5²) and the classes
 * stand at 5 (1, 0) and 5 (cos 12.566°, sin 12.566°) with a standard deviation of .5. Here all is measured from the middle of the source and in tenths, so
 * that noise of scale .05 is the notebook's.
 */
import { defineGaussians } from './points.ts'

const SCALE = 0.1
const ANGLE = (12.566 * Math.PI) / 180

export default defineGaussians({
  id: 'two-classes',
  label: 'Two near classes',
  summary: 'Two round Gaussians 1.09 apart, each 0.5 wide, 20 away from where noise stands: the notebook of contrastive flow matching, in tenths.',
  classes: ['lower', 'upper'],
  means: [0, ANGLE].map(angle => [SCALE * (15 + 5 * Math.cos(angle)), SCALE * 5 * Math.sin(angle)] as const),
  deviation: SCALE * 0.5,
  zoom: { centre: [SCALE * (15 + 5 * Math.cos(ANGLE / 2) ** 2), SCALE * 2.5 * Math.sin(ANGLE)], times: 6 }, // the middle of both, with room for points pushed twice as far from it
})
