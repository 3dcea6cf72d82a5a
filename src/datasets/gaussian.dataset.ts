/** White Gaussian images, N(0, s²I): nothing to learn but a scale, and every curve in closed form. */
import { defineDataset } from './dataset.ts'
import { gaussianMixture, knownFrom, type Mixture } from './gaussian-mixture.ts'

const DEVIATION = 0.5

const mixtureAt = (size: number): Mixture =>
  gaussianMixture({ dimensions: size * size, classes: 1, basis: new Float64Array(0), means: new Float64Array(0), inside: DEVIATION, outside: DEVIATION })

export default defineDataset({
  id: 'gaussian',
  label: 'White Gaussian',
  summary: 'Pixels of independent Gaussian noise of standard deviation 0.5, in one class: the best velocity is x times a number that depends on t alone.',
  classes: ['noise'],
  channels: 1,
  size: 12,
  sizes: [8, 12, 16, 24, 32],
  latentNames: ['class'],

  draw(_, latents) {
    latents[0] = 0
  },

  render(_, image) {
    image.fill(0)
  },

  texture(random, image) {
    for (let i = 0; i < image.length; i++) image[i] += DEVIATION * random.normal()
  },

  swapClass(latents, to) {
    latents[0] = to
  },

  ...knownFrom(mixtureAt, 12),
  floorAssumes: 'Exact: s²/((1−t)²s² + t²) with s = 0.5, the loss of the best velocity.',
})
