/**
 * Damaged files of every format are read, or refused in one sentence; nothing else is thrown. `npm run fuzz -- --minutes 10` goes on for as long as
 * it is told, from another seed.
 */
import { expect, test } from 'vitest'
import { FORMATS } from '../support/hostile.ts'
import { survives } from '../support/mutate.ts'

const MUTATIONS = 2000
const minutes = Number(process.env.LNL_FUZZ_MINUTES ?? 0)
const seed = Number(process.env.LNL_FUZZ_SEED ?? 1)

const effort = minutes > 0 ? `${minutes} minutes shared by all, seed ${seed}` : `${MUTATIONS} mutations`

test.each(FORMATS.map((format) => [format.name, format] as const))(`%s: ${effort}`, async (name, { whole, damaged, read }) => {
  await read(whole)
  const end = Date.now() + (minutes * 60_000) / FORMATS.length
  let [i, readable] = [0, 0]
  try {
    for (; minutes > 0 ? Date.now() < end : i < MUTATIONS; i++) if (await survives(() => read(damaged(seed, i)))) readable++
  } catch (error) {
    throw new Error(`${name}: mutation ${i} of seed ${seed}`, { cause: error })
  }
  if (minutes > 0) return console.log(`${name}: ${i} mutations`)
  expect(readable, 'some damage is to numbers alone').toBeGreaterThan(0)
  expect(readable).toBeLessThan(i)
}, 300_000 + minutes * 60_000)
