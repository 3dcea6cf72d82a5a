import { expect, test } from 'vitest'
import { parseConfig, seedGroups } from '../../src/config.ts'
import { dropOf, dropsInWords } from '../../src/diagnostics/drop.ts'
import { levelsOf, levelsTogether } from '../../src/diagnostics/sweep.ts'

test('noise levels are read from a text, in order, each once', () => {
  expect(levelsOf('0.1, .001 0;1 1e-2 0.1')).toEqual([0, 0.001, 0.01, 0.1, 1])
  for (const text of ['', ' ', 'a', '0.1 b', '1.1', '-0.1', 'Infinity', '0x1', Array.from({ length: 65 }, (_, i) => i / 100).join(' ')]) expect(levelsOf(text), text).toBeUndefined()
})

test('levels go together as long as no buffer becomes large', () => {
  const t = [0, 1, 2, 3, 4, 5, 6]
  expect(levelsTogether(t, 1000)).toEqual([t])
  expect(levelsTogether(t, 2 ** 22)).toEqual([[0, 1, 2, 3], [4, 5, 6]])
  expect(levelsTogether(t, 2 ** 26)).toEqual(t.map(level => [level]))
})

test('a drop is paired over draws', () => {
  const drop = dropOf([0.001, 0.03, 0.1], [[0.7, 0.6], [0.8, 0.72], [0.7, 0.7]], 2048)
  expect(drop).toMatchObject({ from: 0.03, to: 0.001, count: 2 })
  expect(drop.value).toBeCloseTo(11)
  expect(drop.standardError).toBeCloseTo(1) // differences 10 and 12, SD √2
  const alone = dropOf([0.001, 0.1], [[0.5], [0.8]], 100)
  expect(alone.standardError).toBeCloseTo(100 * Math.sqrt((0.25 + 0.16) / 100))
  expect(dropOf([0.001, 0.1], [[0.8], [0.5]], 100)).toMatchObject({ value: 0, standardError: 0 })
})

test('the sentence tells seeds of one setting together, and says when there is nothing to tell', () => {
  const config = parseConfig({ replicas: [{ method: 'fm', seed: 0 }, { method: 'lcf', seed: 0 }, { method: 'fm', seed: 1 }, { method: 'lcf', seed: 1 }] })
  expect(seedGroups(config)).toEqual([[0, 2], [1, 3]])
  const labels = ['FM, seed 0', 'LCF, seed 0', 'FM, seed 1', 'LCF, seed 1']
  const drop = (value: number, best = 0.8) => ({ value, standardError: 0.5, count: 16, from: 0.03, to: 0.001, best })
  expect(dropsInWords(config, labels, [drop(7), drop(0.1), drop(9), drop(0)], 0.1, 2048))
    .toBe('FM loses 8.0 ± 1.4 points of accuracy from t = 0.03 to 0.001 (mean ± SD over 2 seeds); LCF loses none')
  const pair = parseConfig({})
  expect(dropsInWords(pair, ['FM', 'LCF'], [drop(7), drop(3, 0.11)], 0.1, 2048)).toBe('FM loses 7.00 ± 0.50 points of accuracy from t = 0.03 to 0.001; LCF is at chance at every t')
})
