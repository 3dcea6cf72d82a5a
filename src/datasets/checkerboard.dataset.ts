import { definePoints } from './points.ts'

const SIDE = 4 // fields along one side, each of length 1
const fields = Array.from({ length: SIDE * SIDE }, (_, i) => [i % SIDE, Math.floor(i / SIDE)]).filter(([column, row]) => (column + row) % 2 === 0)

export default definePoints({
  id: 'checkerboard',
  label: 'Checkerboard',
  summary: 'Points spread evenly over the eight dark fields of a 4 × 4 board: sharp edges, and gaps that a smooth field must jump over.',
  classes: fields.map(([column, row]) => `${'abcd'[column]}${row + 1}`),
  from: ['across', 'up'],
  extent: 2.5,
  draw(random, latents) {
    latents[1] = random.uniform()
    latents[2] = random.uniform()
  },
  place([field, across, up]) {
    const [column, row] = fields[field]
    return [column + across - SIDE / 2, row + up - SIDE / 2]
  },
})
