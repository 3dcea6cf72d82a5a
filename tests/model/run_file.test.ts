/** A run as one .zip: out, in, and on. */
import { strFromU8, unzipSync, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { exportFile } from '../../src/lab/export_file.ts'
import { decodeRunFile } from '../../src/lab/run_file.ts'
import { readWeightsFile } from '../../src/lab/weights_file.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

test('a run comes back in whole, and people can read what is in it', async () => {
  const session = await create(tinyConfig({ train: { steps: 6 }, evaluate: { every: 2, samplesEvery: 3 }, replicas: [{ method: 'fm' }, { method: 'lcf', label: 'LCF, mine' }] }))
  await session.advance(6)
  await session.measure('condition', { levels: 4, pairs: 8 })
  const checkpoint = await session.snapshot()
  const bytes = exportFile(checkpoint, { what: 'run' }, session.data, '1.2.3')
  expect(decodeRunFile(bytes)).toEqual(checkpoint)
  expect(decodeRunFile(new Uint8Array(encodeCheckpoint(checkpoint)))).toEqual(checkpoint)
  expect(exportFile(checkpoint, { what: 'run' }, session.data, '1.2.3')).toEqual(bytes)

  const files = unzipSync(bytes)
  expect(Object.keys(files).sort()).toEqual(['checkpoint.npz', 'config.json', 'loss-by-t.csv', 'measurements.json', 'metrics.csv', 'samples.png'])
  expect(JSON.parse(strFromU8(files['config.json']))).toEqual({ program: 'low-noise-lab', version: '1.2.3', step: 6, labels: ['Flow matching', 'LCF, mine'], config: checkpoint.config })
  const rows = strFromU8(files['metrics.csv']).trim().split('\n')
  expect(rows[0]).toBe('step,replica,flow,flowSmooth,contrastive,gradientNorm')
  expect(rows).toHaveLength(1 + 2 * 6)
  expect(rows[1].split(',').slice(0, 3)).toEqual(['1', 'Flow matching', String(checkpoint.history!.replicas[0].flow[0])])
  expect(rows[7]).toMatch(/^1,"LCF, mine",/)
  const levels = strFromU8(files['loss-by-t.csv']).trim().split('\n')
  expect(levels).toHaveLength(1 + 3 * 2 * checkpoint.config.evaluate.levels)
  expect(JSON.parse(strFromU8(files['measurements.json']))).toMatchObject([{ id: 'condition', step: 6 }])

  for (const what of ['onnx', 'safetensors'] as const) {
    expect(readWeightsFile(exportFile(checkpoint, { what, replica: 1, weights: 'ema' }, session.data, '1'))).toMatchObject({ step: 6, differences: [], config: { replicas: [{ method: 'lcf', label: 'LCF, mine' }] } })
  }
  const folder = unzipSync(exportFile(checkpoint, { what: 'pytorch', replica: 1 }, session.data, '1'))
  expect(Object.keys(folder).sort()).toEqual(['checkpoint.safetensors', 'config.json', 'images.npz', 'train.py'].map(name => `continue-in-pytorch/${name}`))
  expect(() => exportFile(checkpoint, { what: 'onnx', replica: 2, weights: 'raw' }, session.data, '1')).toThrow('there is no replica 2')
})

test('zipped again as a folder it opens; other archives are refused in a sentence', async () => {
  const checkpoint = await (await create(tinyConfig())).snapshot()
  const inner = new Uint8Array(encodeCheckpoint(checkpoint))
  expect(decodeRunFile(zipSync({ 'mine/checkpoint.npz': inner }))).toEqual(checkpoint)
  expect(() => decodeRunFile(zipSync({ 'a/checkpoint.npz': inner, 'b/checkpoint.npz': inner }))).toThrow('the archive holds 2 files called checkpoint.npz: give the one to go on with')
  expect(() => decodeRunFile(zipSync({ 'notes.txt': inner }))).toThrow('the archive is no run of the lab: checkpoint.npz is missing inside')
})
