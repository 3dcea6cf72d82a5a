/** Sets of one's own in IndexedDB: nothing that comes back is believed, and one that is damaged costs nothing but itself. */
import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { expect, test } from 'vitest'
import { datasets } from '../../src/datasets/index.ts'
import { convert, suggested } from '../../src/lab/own/convert.ts'
import { readSource } from '../../src/lab/own/read.ts'
import { knowShelved, shelve, shelved, unshelve } from '../../src/lab/own/shelf.ts'
import { cifar, given } from '../support/own_files.ts'

const opened = await readSource([given('data_batch_1.bin', cifar(40))], async () => { throw new Error('no pictures here') })
const { set, pool } = await convert(opened.source, suggested(opened))

/** Puts something there that this page has not written. */
async function plant(value: object): Promise<void> {
  const open = await openDB('low-noise-lab-data')
  await open.put('sets', value)
  open.close()
}

test('a set that is damaged is left out with a sentence, and the others are there', async () => {
  await shelve(set, pool)
  expect(await shelved()).toEqual({ sets: [set], problem: null })
  const { train: _, ...without } = set
  const strange = [
    { id: 'own-hollow' }, { ...without, id: 'own-without' }, { ...set, id: 'shapes' }, { ...set, id: 'own-classes', classes: [] }, { ...set, id: 'own-size', size: 0.5 },
    { ...set, id: 'own-preview', preview: { pixels: new Uint8Array(3), labels: new Uint8Array(1) } }, { ...set, id: 'own-later', more: true },
  ]
  for (const value of strange) await plant(value)
  expect(await shelved()).toEqual({ sets: [set], problem: '7 sets that are kept here are damaged, or were written by another version of this page, and are left out: bring their files in again.' })
  const { shapes } = datasets
  await knowShelved()
  expect(Object.keys(datasets).filter(id => id.startsWith('own-'))).toEqual([set.id])
  expect(datasets.shapes).toBe(shapes)
  await datasets[set.id].load!()
  expect(datasets[set.id].generate(16, { seed: 0, split: 'test' }).images.length).toBe(16 * 3072)
  for (const { id } of strange.slice(1)) await unshelve(id)
  expect((await shelved()).problem).toBe('A set that is kept here is damaged, or was written by another version of this page, and is left out: bring its file in again.')
})
