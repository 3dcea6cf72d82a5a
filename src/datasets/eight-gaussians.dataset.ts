import { defineGaussians } from './points.ts'

const CLASSES = 8
const RADIUS = 1.6
const angles = Array.from({ length: CLASSES }, (_, c) => (2 * Math.PI * c) / CLASSES)

export default defineGaussians({
  id: 'eight-gaussians',
  label: 'Eight Gaussians',
  summary: 'Eight round Gaussians on a circle: the best velocity is known, so that the net’s field can be laid beside it.',
  classes: angles.map((_, c) => `${(360 * c) / CLASSES}°`),
  means: angles.map(angle => [RADIUS * Math.cos(angle), RADIUS * Math.sin(angle)] as const),
  deviation: 0.15,
})
