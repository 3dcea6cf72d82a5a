/** Times of the sampler. */
import { expect, test } from 'vitest'
import { timeGrid } from '../../src/flow/grid.ts'

test.each([2, 3, 25, 1000])('%i steps go from 1 to exactly 0, always down', steps => {
  for (const tMin of [0, 0.02, 0.2, 0.9]) {
    for (const below of ['jump', 'through'] as const) {
      const grid = timeGrid(steps, tMin, below)
      expect(grid.length).toBe(steps + 1)
      expect([grid[0], grid[steps]]).toEqual([1, 0])
      for (let i = 1; i <= steps; i++) expect(grid[i]).toBeLessThan(grid[i - 1])
    }
  }
})

test('a jump visits T_min last and nothing below, in even steps above', () => {
  const grid = timeGrid(5, 0.2, 'jump')
  expect(Array.from(grid, t => Number(t.toFixed(6)))).toEqual([1, 0.8, 0.6, 0.4, 0.2, 0])
  expect(grid[4]).toBe(Math.fround(0.2))
  expect(Array.from(timeGrid(2, 0.2, 'jump'))).toEqual([1, Math.fround(0.2), 0])
})

test('through, and T_min = 0, are even all the way', () => {
  for (const grid of [timeGrid(4, 0.2, 'through'), timeGrid(4, 0, 'jump')]) expect(Array.from(grid)).toEqual([1, 0.75, 0.5, 0.25, 0])
})
