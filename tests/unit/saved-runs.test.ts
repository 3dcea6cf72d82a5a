/** Runs kept in IndexedDB: whole or not at all, each run its own, and nothing that comes back is believed. */
import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConfigError } from '../../src/config.ts'
import { deleteEverything, deleteRun, headOf, loadRun, savedRuns, saveRun } from '../../src/lab/saved_runs.ts'
import { keptConfig, keptRun } from '../support/kept_run.ts'

const nobody = new Set<string>()
const save = (id: string, step: number, savedAt: number, busy = nobody) => saveRun(headOf(id, keptRun(step), savedAt), keptRun(step), busy)
const database = () => openDB('low-noise-lab-runs')
/** Puts something there that this page has not written. */
async function plant(store: 'heads' | 'runs', key: string, value: unknown): Promise<void> {
  const open = await database()
  await open.put(store, value, key)
  open.close()
}

beforeEach(deleteEverything)
afterEach(() => vi.restoreAllMocks())

test('what is kept comes back, the last one first', async () => {
  expect(await savedRuns()).toEqual([])
  await save('a', 11, 1)
  await save('b', 12, 2)
  await save('a', 12, 3)
  expect((await savedRuns()).map(({ id, step, savedAt }) => [id, step, savedAt])).toEqual([['a', 12, 3], ['b', 12, 2]])
  expect((await savedRuns())[0]).toMatchObject({ steps: keptConfig.train.steps, config: keptConfig })
  expect((await savedRuns())[0].bytes).toBeGreaterThan(4 * 8 * keptRun().replicas[0].parameters.length)
  expect(await loadRun('a')).toEqual(keptRun(12))
  await deleteRun('a')
  expect((await savedRuns()).map(({ id }) => id)).toEqual(['b'])
  await expect(loadRun('a')).rejects.toThrow(/not kept any more/)
})

test('five are kept, and those that another tab has open', async () => {
  for (const [i, id] of ['a', 'b', 'c', 'd', 'e'].entries()) await save(id, 12, i)
  await save('f', 12, 9, new Set(['a']))
  expect((await savedRuns()).map(({ id }) => id)).toEqual(['f', 'e', 'd', 'c', 'b', 'a'])
  await save('g', 12, 10, new Set(['a']))
  expect((await savedRuns()).map(({ id }) => id)).toEqual(['g', 'f', 'e', 'd', 'c', 'a'])
  await expect(loadRun('b')).rejects.toThrow(ConfigError)
})

describe('a save that fails leaves the one before', () => {
  test.each(['heads', 'runs'])('when %s cannot be written', async store => {
    await save('a', 11, 1)
    const put = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      if (this.name === store) throw new DOMException('full', 'QuotaExceededError')
      return put.call(this, value, key)
    })
    await expect(save('a', 12, 2)).rejects.toMatchObject({ name: 'QuotaExceededError' })
    vi.restoreAllMocks()
    expect((await savedRuns()).map(({ id, step, savedAt }) => [id, step, savedAt])).toEqual([['a', 11, 1]])
    expect(await loadRun('a')).toEqual(keptRun(11))
  })

  test('when the browser gives the writing up', async () => {
    await save('a', 11, 1)
    const put = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      const request = put.call(this, value, key)
      if (this.name === 'runs') this.transaction.abort()
      return request
    })
    await expect(save('a', 12, 2)).rejects.toBeInstanceOf(DOMException)
    vi.restoreAllMocks()
    expect(await loadRun('a')).toEqual(keptRun(11))
    expect((await savedRuns())[0].step).toBe(11)
  })
})

describe('what this page has not written', () => {
  test('is listed with a sentence, and can be deleted', async () => {
    await save('good', 12, 5)
    const [good] = await savedRuns()
    await plant('heads', 'text', '<b>')
    await plant('heads', 'alias', { ...good, id: 'good' })
    await plant('heads', 'odd', { ...good, id: 'odd', savedAt: 1, config: { net: { width: -1 } } })
    const listed = await savedRuns()
    expect(listed.map(({ id }) => id).sort()).toEqual(['alias', 'good', 'odd', 'text'])
    expect(listed.find(({ id }) => id === 'text')).toMatchObject({ config: null, problem: expect.stringMatching(/damaged/) })
    expect(listed.find(({ id }) => id === 'alias')).toMatchObject({ config: null })
    expect(listed.find(({ id }) => id === 'odd')).toMatchObject({ config: null, problem: expect.stringMatching(/net\.width/) })
    for (const id of ['text', 'alias', 'odd']) await deleteRun(id)
    expect((await savedRuns()).map(({ id }) => id)).toEqual(['good'])
  })

  test('is refused when opened', async () => {
    await save('a', 12, 1)
    await plant('runs', 'a', { format: 'low-noise-lab checkpoint', version: 99 })
    await expect(loadRun('a')).rejects.toThrow(/version 99, and this lab reads version 1/)
  })

  test('a later version of the page: refused, and deleted with everything', async () => {
    const later = await openDB('low-noise-lab-runs', 7, { upgrade: opened => void opened.createObjectStore('other') })
    later.close()
    await expect(savedRuns()).rejects.toMatchObject({ name: 'VersionError' })
    await expect(save('a', 12, 1)).rejects.toMatchObject({ name: 'VersionError' })
    await deleteEverything()
    await save('a', 12, 1)
    expect((await savedRuns()).length).toBe(1)
  })
})

test('everything of this page is deleted, and nothing of others', async () => {
  await save('a', 12, 1)
  for (const name of ['low-noise-lab-tiles', 'somebody-else']) (await openDB(name, 1)).close()
  await deleteEverything()
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['somebody-else'])
})
