import { definePoints } from './points.ts'

const RADII = [0.6, 1.2, 1.8]
const WIDTH = 0.04

export default definePoints({
  id: 'rings',
  label: 'Rings',
  summary: 'Three thin rings about one another: curves in the plane, so that what lies across them is low noise and nothing else.',
  classes: ['inner', 'middle', 'outer'],
  from: ['angle', 'across'],
  extent: 2.5,
  draw(random, latents) {
    latents[1] = 2 * Math.PI * random.uniform()
    latents[2] = WIDTH * random.normal()
  },
  place([ring, angle, across]) {
    const radius = RADII[ring] + across
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  },
})
