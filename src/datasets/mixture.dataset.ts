/**
 * Gaussian mixture: one smooth pattern to each class under white noise. The patterns are orthogonal (modes of the cosine transform) and of equal
 * power, so no two classes are nearer than any other two.
 */
import { defineDataset } from './dataset.ts'
import { gaussianMixture, knownFrom, type Mixture } from './gaussian-mixture.ts'

/** Half-waves down and across. */
const MODES = [[0, 1], [1, 0], [1, 1], [0, 2], [2, 0], [1, 2], [2, 1], [2, 2], [0, 3], [3, 0]]
const PATTERN = 0.3 // root mean square over the image
const WHITE = 0.3

/** Orthonormal (10, size²). */
function patterns(size: number): Float64Array {
  const wave = (mode: number, i: number) => Math.sqrt((mode === 0 ? 1 : 2) / size) * Math.cos((Math.PI * mode * (i + 0.5)) / size)
  const rows = new Float64Array(MODES.length * size * size)
  MODES.forEach(([down, across], c) => {
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) rows[(c * size + i) * size + j] = wave(down, i) * wave(across, j)
  })
  return rows
}

const known = new Map<number, { basis: Float64Array; mixture: Mixture }>()
function at(size: number) {
  let entry = known.get(size)
  if (!entry) {
    const basis = patterns(size)
    const classes = MODES.length
    const means = new Float64Array(classes * classes)
    for (let c = 0; c < classes; c++) means[c * classes + c] = PATTERN * size
    known.set(size, (entry = { basis, mixture: gaussianMixture({ dimensions: size * size, classes, basis, means, inside: WHITE, outside: WHITE }) }))
  }
  return entry
}

export default defineDataset({
  id: 'mixture',
  label: 'Gaussian mixture',
  summary: 'Ten orthogonal smooth patterns, one to each class, under white noise as strong as they are: best velocity, floor and Bayes accuracy are known.',
  classes: MODES.map(([down, across]) => `${down}×${across}`),
  channels: 1,
  size: 12,
  sizes: [8, 12, 16, 24, 32],
  latentNames: ['class'],

  draw(random, latents) {
    latents[0] = random.integer(MODES.length)
  },

  render([label], image, size) {
    const { basis } = at(size)
    for (let i = 0; i < image.length; i++) image[i] = PATTERN * size * basis[label * image.length + i]
  },

  texture(random, image) {
    for (let i = 0; i < image.length; i++) image[i] += WHITE * random.normal()
  },

  swapClass(latents, to) {
    latents[0] = to
  },

  ...knownFrom(size => at(size).mixture, 12),
  floorAssumes: 'The exact loss of the best velocity for a model that is not told the class; what not knowing it costs is averaged over 2,500 draws.',
})
