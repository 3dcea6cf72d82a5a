/** Images of one's own in the terminal: training on them, going on, and measuring. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeNpz } from '../../src/lab/npz.ts'
import { cifar, pictures } from '../support/own_files.ts'

const folder = mkdtempSync(join(tmpdir(), 'lab-own-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function lab(...words: string[]): Promise<{ status: number | null; out: string; said: string }> {
  const child = spawn(process.execPath, [resolve('scripts/lab.mjs'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, said] = ['', '']
  child.stdout.on('data', piece => { out += piece })
  child.stderr.on('data', piece => { said += piece })
  const status = await new Promise<number | null>(done => { child.on('close', done) })
  return { status, out, said }
}

const config = join(folder, 'config.json')
writeFileSync(config, JSON.stringify({
  net: { size: 8, width: 16, blocks: 1, heads: 2, classes: 3 }, objective: { layer: 1 }, train: { batch: 8, steps: 3, warmup: 0 },
  evaluate: { every: 0, perLevel: 8, samplesEvery: 0, samples: 2, solverSteps: 2, measure: false },
}))

test('a tiny .npz trains, goes on and is measured; without its file the run says what is missing', async () => {
  const file = join(folder, 'mine.npz')
  // Class c is bright in column c.
  const x = Float32Array.from({ length: 48 * 64 }, (_, i) => (i % 8 === Math.floor(i / 64) % 3 ? 1 : -1))
  writeFileSync(file, writeNpz({ x: { shape: [48, 1, 8, 8], data: x }, y: { shape: [48], data: Int32Array.from({ length: 48 }, (_, i) => i % 3) } }))
  const out = join(folder, 'a')
  const trained = await lab('train', '--config', config, '--data', file, '--out', out, '--no-tune')
  expect(trained.status, trained.said).toBe(0)
  const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
  expect(run.config.data).toMatchObject({ dataset: expect.stringMatching(/^own-mine-[0-9a-f]{8}$/), count: 32, heldOut: 16 })
  expect(run.lossByT.floor).toBeNull()
  for (const { last } of run.metrics) expect(last.flow).toBeGreaterThan(0)

  const checkpoint = join(out, 'checkpoint.npz')
  const lost = await lab('train', '--resume', checkpoint, '--steps', '4', '--out', out, '--no-tune')
  expect(lost).toMatchObject({ status: 2, said: expect.stringMatching(/own-mine-.*is not here; bring its file in again \(in a terminal: --data FILE\)/) })
  const on = await lab('train', '--resume', checkpoint, '--steps', '4', '--set', `data.dataset=${file}`, '--out', out, '--no-tune', '--json')
  expect(on.status, on.said).toBe(0)
  expect(JSON.parse(on.out).step).toBe(4)

  const measured = await lab('evaluate', out, '--data', file, '--what', 'loss,jacobian', '--set', 'jacobian.images=8')
  expect(measured).toMatchObject({ status: 2, said: expect.stringMatching(/cannot be drawn again under another class; take class means/) })
  const loss = await lab('evaluate', out, '--data', file, '--what', 'loss', '--json')
  expect(loss.status, loss.said).toBe(0)
  expect(JSON.parse(loss.out).lossByT.mean[0][0]).toBeGreaterThan(0)
})

test('CIFAR-10 bytes and a folder of pictures, brought to the side and the channels of a net', async () => {
  const file = join(folder, 'data_batch_1.bin')
  writeFileSync(file, cifar(60))
  const trained = await lab('train', '--config', config, '--data', file, '--data-channels', 'grey', '--set', 'net.classes=0', '--out', join(folder, 'b'), '--no-tune')
  expect(trained.status, trained.said).toBe(0)
  expect(JSON.parse(readFileSync(join(folder, 'b', 'run.json'), 'utf8')).config.net).toMatchObject({ channels: 1, size: 8 })

  for (const [path, bytes] of Object.entries(pictures(40, 3))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  const coloured = await lab('train', '--config', config, '--data', join(folder, 'set'), '--out', join(folder, 'c'), '--no-tune')
  expect(coloured.status, coloured.said).toBe(0)
  expect(JSON.parse(readFileSync(join(folder, 'c', 'run.json'), 'utf8')).config).toMatchObject({ net: { channels: 3, size: 8, classes: 2 }, data: { dataset: expect.stringMatching(/^own-set-/), count: 24 } })
})

test.each([
  ['no such file', ['--data', join(folder, 'none.npz')], /no such file or folder/],
  ['no such fit', ['--data', config, '--data-fit', 'squeeze'], /--data-fit squeeze: there are resize and crop/],
  ['a file of another kind', ['--data', config], /config.json is of no format that is known/],
])('%s', async (_, words, sentence) => {
  const { status, said } = await lab('train', '--config', config, ...words, '--out', join(folder, 'd'))
  expect(status).toBe(2)
  expect(said.trim().split('\n').filter(line => line.startsWith('lab:'))).toEqual([expect.stringMatching(sentence)])
})
