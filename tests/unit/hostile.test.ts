/**
 * Damaged files of every format are read, or refused in one sentence; nothing else is thrown. `npm run fuzz -- --minutes 10` goes on for as long as
 * it is told, from another seed.
 */
import { describe, expect, test } from 'vitest'
import { FORMATS } from '../support/hostile.ts'
import { survives } from '../support/mutate.ts'

const MUTATIONS = 2000
const minutes = Number(process.env.LNL_FUZZ_MINUTES ?? 0)
const seed = Number(process.env.LNL_FUZZ_SEED ?? 1)

describe.each(FORMATS)('$name', ({ name, whole, damaged, read }) => {
  test.skipIf(minutes > 0)(`${MUTATIONS} mutations`, async () => {
    await read(whole)
    let readable = 0
    for (let i = 0; i < MUTATIONS; i++) if (await survives(() => read(damaged(seed, i)))) readable++
    expect(readable, 'some damage is to numbers alone').toBeGreaterThan(0)
    expect(readable).toBeLessThan(MUTATIONS)
  }, 300_000)

  test.runIf(minutes > 0)(`for ${minutes} minutes shared by all, seed ${seed}`, async () => {
    const end = Date.now() + (minutes * 60_000) / FORMATS.length
    let i = 0
    try {
      for (; Date.now() < end; i++) await survives(() => read(damaged(seed, i)))
    } catch (error) {
      throw new Error(`${name}: mutation ${i} of seed ${seed}`, { cause: error })
    }
    console.log(`${name}: ${i} mutations`)
  }, minutes * 60_000 + 60_000)
})
