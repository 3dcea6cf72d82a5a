import { definePoints } from './points.ts'

const WIDTH = 0.08

export default definePoints({
  id: 'moons',
  label: 'Two moons',
  summary: 'Two half circles that reach into each other, one to each class.',
  classes: ['upper', 'lower'],
  from: ['angle', 'right', 'up'],
  extent: 2.5,
  draw(random, latents) {
    latents[1] = Math.PI * random.uniform()
    latents[2] = WIDTH * random.normal()
    latents[3] = WIDTH * random.normal()
  },
  place([lower, angle, right, up]) {
    const side = lower ? -1 : 1
    return [side * (1.2 * Math.cos(angle) - 0.6) + right, side * (1.2 * Math.sin(angle) - 0.3) + up]
  },
})
