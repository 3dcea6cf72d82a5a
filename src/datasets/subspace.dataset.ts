/**
 * Gaussian mixture on a 10-dimensional subspace of the pixels, rotated at random, with a little noise across it. Where the noise of x_t is well above
 * that, the data look like a subspace: the floor is about its share of the dimensions and the best velocity across it is x/t. Below it they fill
 * space and the floor goes to 1.
 */
import { PhiloxStream, STREAM_THEORY } from '../engine/philox.ts'
import { orthonormalRows } from '../flow/rotation.ts'
import { defineDataset } from './dataset.ts'
import { gaussianMixture, knownFrom, type Mixture } from './gaussian-mixture.ts'

const CLASSES = 10
const INNER = CLASSES // dimensions of the subspace: a class has its mean along one of them
const ROTATION_SEED = 1
const NATIVE = 12
// At 12×12 pixels; larger images have both in proportion to their side, so that pixels stay as strong.
const CENTRE = 4.6
const WITHIN = 0.6
const ACROSS = 0.005

const known = new Map<number, { basis: Float64Array; mixture: Mixture }>()
function at(size: number) {
  let entry = known.get(size)
  if (!entry) {
    const dimensions = size * size
    const scale = size / NATIVE
    const basis = orthonormalRows(INNER, dimensions, new PhiloxStream(ROTATION_SEED, STREAM_THEORY, size))
    const means = new Float64Array(CLASSES * INNER)
    for (let c = 0; c < CLASSES; c++) means[c * INNER + c] = scale * CENTRE
    known.set(size, (entry = { basis, mixture: gaussianMixture({ dimensions, classes: CLASSES, basis, means, inside: scale * WITHIN, outside: ACROSS }) }))
  }
  return entry
}

export default defineDataset({
  id: 'subspace',
  label: 'Mixture on a subspace',
  summary: 'Ten Gaussian classes in 10 dimensions, turned at random into the space of pixels, with noise of 0.005 across: all that is irreducible is known.',
  classes: Array.from({ length: CLASSES }, (_, c) => `direction ${c + 1}`),
  channels: 1,
  size: NATIVE,
  sizes: [8, 12, 16, 24, 32],
  // u1 … u10: place within the class, inside the subspace, at 12×12 pixels
  latentNames: ['class', ...Array.from({ length: INNER }, (_, e) => `u${e + 1}`)],

  draw(random, latents) {
    latents[0] = random.integer(CLASSES)
    for (let e = 0; e < INNER; e++) latents[1 + e] = WITHIN * random.normal()
  },

  render(latents, image, size) {
    const { basis } = at(size)
    const d = image.length
    image.fill(0)
    for (let e = 0; e < INNER; e++) {
      const coordinate = (size / NATIVE) * (latents[1 + e] + (latents[0] === e ? CENTRE : 0))
      for (let i = 0; i < d; i++) image[i] += coordinate * basis[e * d + i]
    }
  },

  texture(random, image, size) {
    const { basis } = at(size)
    const noise = new Float64Array(image.length)
    random.fillNormal(noise)
    for (let e = 0; e < INNER; e++) {
      const row = basis.subarray(e * image.length, (e + 1) * image.length)
      const along = row.reduce((sum, b, i) => sum + b * noise[i], 0)
      for (let i = 0; i < image.length; i++) noise[i] -= along * row[i]
    }
    for (let i = 0; i < image.length; i++) image[i] += ACROSS * noise[i]
  },

  swapClass(latents, to) {
    latents[0] = to
  },

  ...knownFrom(size => at(size).mixture, NATIVE),
  floorAssumes: 'The exact loss of the best velocity for a model that is not told the class; what not knowing it costs is averaged over 2,500 draws.',
})
