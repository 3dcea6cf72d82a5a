/** The real commands: a checkpoint out as ONNX and safetensors, and back. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/lab/checkpoint.ts'
import { readNpz } from '../../src/lab/npz.ts'
import type { Checkpoint } from '../../src/lab/session.ts'
import { packState } from '../../src/model/knobs.ts'
import { parameterLayout } from '../../src/model/parameters.ts'
import { farthest } from '../support/compare.ts'
import { openModel } from '../support/onnx_session.ts'
import { flat, randomParameters } from '../support/random_net.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const folder = mkdtempSync(join(tmpdir(), 'lab-weights-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)

async function lab(...words: string[]): Promise<{ status: number | null; out: string; said: string }> {
  const child = spawn(process.execPath, [resolve('scripts/lab.mjs'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, said] = ['', '']
  child.stdout.on('data', piece => { out += piece })
  child.stderr.on('data', piece => { said += piece })
  const status = await new Promise<number | null>(done => { child.on('close', done) })
  return { status, out, said }
}

/** Two replicas at step 12, every tensor of its own numbers. */
function checkpoint(): Checkpoint {
  const config = tinyConfig()
  const { length } = parameterLayout(config.net)
  const weights = (seed: number) => flat(config.net, randomParameters(config.net, seed))
  const replicas = [1, 2].map(r => ({ parameters: weights(r), ema: weights(10 * r), first: new Float32Array(length).fill(r), second: new Float32Array(length).fill(r), state: packState({ step: 12 }) }))
  return { config, step: 12, replicas }
}

test('export and import: the weights asked for, as the start of a run', async () => {
  const parent = checkpoint()
  writeFileSync(at('parent.npz'), new Uint8Array(encodeCheckpoint(parent)))
  const choices = [['onnx', 'ema', 0], ['safetensors', 'raw', 1]] as const
  for (const [format, weights, replica] of choices) {
    const file = at(`weights.${format}`)
    const written = await lab('export', '--checkpoint', at('parent.npz'), '--replica', `${replica}`, '--weights', weights, '--format', format, '--out', file, '--json')
    expect(written.status, written.said).toBe(0)
    expect(JSON.parse(written.out)).toMatchObject({ format, weights, replica, step: 12, bytes: readFileSync(file).length })
    const read = await lab('import', '--file', file, '--out', at('child.npz'), '--json')
    expect(read.status, read.said).toBe(0)
    expect(JSON.parse(read.out)).toMatchObject({ step: 12, differences: [], missing: [] })
    const child = decodeCheckpoint(readFileSync(at('child.npz')))
    expect(child).toMatchObject({ step: 0, config: { ...parent.config, replicas: [parent.config.replicas[replica]] } })
    const [state] = child.replicas
    const expected = parent.replicas[replica][weights === 'ema' ? 'ema' : 'parameters']
    expect(farthest(state.parameters, expected)).toBe(0)
    expect(farthest(state.ema, expected)).toBe(0)
    expect([...state.first, ...state.second, ...state.state].every(value => value === 0)).toBe(true)
  }
  const forked = await lab('fork', '--checkpoint', at('child.npz'), '--replica', '{"method":"fm"}', '--steps', '2', '--no-tune', '--out', at('fork'), '--json')
  expect(forked.status, forked.said).toBe(0)
  expect(JSON.parse(forked.out)).toMatchObject({ outcome: 'finished', step: 2 })

  const outgrown = await lab('export', '--checkpoint', at('parent.npz'), '--replica', '1', '--format', 'pytorch', '--out', at('outgrown'), '--json')
  expect(outgrown.status, outgrown.said).toBe(0)
  expect(readdirSync(at('outgrown')).sort()).toEqual(['checkpoint.safetensors', 'config.json', 'images.npz', 'train.py'])
  expect(JSON.parse(readFileSync(join(at('outgrown'), 'config.json'), 'utf8'))).toMatchObject({ net: parent.config.net, objective: { tMin: 0.25, flowBelow: false }, step: 12 })
  expect(readNpz(readFileSync(join(at('outgrown'), 'images.npz'))).images.shape).toEqual([64, 1, 8, 8])

  const model = await openModel(readFileSync(at('weights.onnx')))
  expect([model.inputs, model.outputs]).toEqual([['x', 't'], ['velocity', 'features']])
  await model.release()
  const { status, out } = await lab('inspect', at('weights.onnx'), '--json')
  expect([status, JSON.parse(out).metadata.step]).toEqual([0, '12'])
})

test('PyTorch’s file becomes a checkpoint; what cannot be loaded gives a sentence and no file', async () => {
  const fixture = (name: string) => resolve(`tests/fixtures/onnx/${name}`)
  const read = await lab('import', '--file', fixture('float16.safetensors'), '--heads', '2', '--dataset', 'gratings', '--out', at('torch.npz'))
  expect(read.status, read.said).toBe(0)
  expect(decodeCheckpoint(readFileSync(at('torch.npz'))).config).toMatchObject({ net: { size: 8, width: 8, heads: 2 }, data: { dataset: 'gratings' } })

  const refused: [string[], number, RegExp][] = [
    [['--file', fixture('float16.safetensors')], 2, /float16\.safetensors: the number of attention heads is not in the file: give --heads\n$/],
    [['--file', fixture('external.onnx')], 2, /are in a second file, “external\.onnx\.data”: give it as well\n$/],
    [['--file', fixture('independent.onnx')], 2, /the weights are for images of 3 channels at 6 pixels, and there is no data set here like that\n$/],
    [['--file', resolve('package.json')], 2, /this is not a whole ONNX file/],
    [['--file', fixture('plain.npz')], 2, /this is not a/],
    [['--file', fixture('plain.safetensors'), '--heads', '4'], 1, /plain\.safetensors was not loaded: the file’s network has width 8 and 4 heads; the engine needs a width divisible by 4 × heads\n$/],
    [['--file', fixture('bfloat16.onnx'), '--heads', '0'], 2, /--heads 0: a whole number from 1 is expected\n$/],
  ]
  for (const [words, status, sentence] of refused) {
    const result = await lab('import', ...words, '--out', at('none.npz'))
    expect([result.status, result.said.replace(/^Warning:.*\n/gm, '')]).toEqual([status, expect.stringMatching(sentence)])
    expect(existsSync(at('none.npz'))).toBe(false)
  }
})

test('evaluate: a model of ours through onnxruntime, a model of others as it is told to ask, and what cannot be', async () => {
  const example = resolve('public/examples/gratings-fm.onnx')
  const { status, out, said } = await lab('evaluate', example, '--what', 'loss,kappa,knn', '--images', '32', '--json')
  expect(status, said).toBe(0)
  const found = JSON.parse(out)
  expect(found).toMatchObject({ ran: 'onnxruntime-web on the processor', labels: ['gratings-fm.onnx'], reading: { predicts: 'velocity', path: 'linear' }, config: { data: { dataset: 'gratings' } } })
  expect(found.panels.map(({ id }: { id: string }) => id)).toEqual(['psnr', 'condition', 'accuracy', 'neighbours'])
  expect(found.lossByT.mean[0]).toHaveLength(found.lossByT.t.length)
  for (const loss of found.lossByT.mean[0]) expect(loss).toBeGreaterThan(0.05)

  const other = await lab('evaluate', resolve('tests/fixtures/onnx/opset17.onnx'), '--what', 'loss', '--dataset', 'gratings', '--ask', 'predicts=noise', '--ask', 'path=ddpm', '--ask', 'scale=999', '--json')
  expect(other.status, other.said).toBe(0)
  expect(JSON.parse(other.out)).toMatchObject({ reading: { predicts: 'noise', path: 'ddpm', scale: 999 }, config: { data: { dataset: 'gratings' } } })

  const refused: [string[], RegExp][] = [
    [[example, '--what', 'loss,kapa'], /--what loss,kapa: of a model there is no “kapa”; near it: kappa\n$/],
    [[example, '--ask', 'features=nowhere', '--what', 'probe'], /nowhere/],
    [[example, '--dataset', 'shapes'], /net\.|shape/],
    [[resolve('tests/fixtures/onnx/external.onnx'), '--dataset', 'gratings'], /external\.onnx\.data/],
    [[resolve('tests/fixtures/onnx/plain.safetensors')], /hold weights and no network/],
    [[resolve('tests/fixtures/onnx/plain.npz'), '--ask', 'scale=1'], /--ask is for ONNX models/],
  ]
  for (const [words, sentence] of refused) {
    const result = await lab('evaluate', ...words)
    const sentences = result.said.replace(/^Warning:.*\n/gm, '')
    expect([result.status, sentences]).toEqual([2, expect.stringMatching(sentence)])
    expect(sentences.trim().split('\n')).toHaveLength(1)
  }
})
