/** Two arms of a spiral on a plane that is turned at random into the space of pixels, after the toy of JiT (arXiv 2511.13720, fig. 2): 2 of 4, 16, 64 or 256 dimensions. */
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'
import { orthonormalRows } from '../flow/rotation.ts'
import { defineDataset } from './dataset.ts'

const ROTATION_SEED = 2
const WIDTH = 0.03

const bases = new Map<number, Float64Array>()
/** Orthonormal (2, size²). */
function basisAt(size: number): Float64Array {
  const known = bases.get(size) ?? orthonormalRows(2, size * size, new PhiloxStream(ROTATION_SEED, STREAM_THEORY, size))
  bases.set(size, known)
  return known
}

export default defineDataset({
  id: 'buried',
  label: 'Buried plane',
  summary: 'A spiral of two arms on a plane, turned at random into 4 to 256 dimensions: the more there are, the more of what a velocity must say is noise.',
  classes: ['one arm', 'other arm'],
  channels: 1,
  size: 4,
  sizes: [2, 4, 8, 16],
  latentNames: ['class', 'along', 'right', 'up'],
  plane: { extent: 2.5, basis: basisAt },

  draw(random, latents) {
    latents[0] = random.integer(2)
    latents[1] = Math.sqrt(random.uniform())
    latents[2] = WIDTH * random.normal()
    latents[3] = WIDTH * random.normal()
  },

  render([arm, along, right, up], image, size) {
    const basis = basisAt(size)
    const angle = 2.5 * Math.PI * along + arm * Math.PI
    const [x, y] = [2 * along * Math.cos(angle) + right, 2 * along * Math.sin(angle) + up]
    for (let i = 0; i < image.length; i++) image[i] = x * basis[i] + y * basis[image.length + i]
  },

  swapClass(latents, to) {
    latents[0] = to
  },
})
