/** The real command on PyTorch's fixtures, as another framework would use it: files in, files out. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { decode } from 'fast-png'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readNpz, writeNpz } from '../../src/lab/npz.ts'
import { type FixtureName, loadConfig, loadTensors } from '../fixtures/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'lab-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What `npm run --silent lab -- …` does. */
async function lab(...words: string[]): Promise<{ status: number | null; out: string; said: string }> {
  const child = spawn(process.execPath, [resolve('scripts/lab.mjs'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, said] = ['', '']
  child.stdout.on('data', piece => { out += piece })
  child.stderr.on('data', piece => { said += piece })
  const status = await new Promise<number | null>(done => { child.on('close', done) })
  return { status, out, said }
}

const fixtureFile = (name: FixtureName, file: string) => resolve(`tests/fixtures/${name}/${file}.npz`)

function configFile(name: FixtureName): string {
  const { net, objective: { method, tMin, lambda, tau, layer } } = loadConfig(name)
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify({ net, objective: { method, tMin, lambda, tau, layer } }))
  return file
}

const relative = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  const norm = (values: number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))
  return norm(Array.from(a, (v, i) => v - b[i])) / Math.max(norm(Array.from(b)), 1e-12)
}

describe('lab step against PyTorch', () => {
  test.each(['fm', 'lcf', 'labelled'] as const)('%s', async name => {
    const out = join(folder, `${name}.npz`)
    const { status, out: text, said } = await lab('step', '--weights', fixtureFile(name, 'weights'), '--batch', fixtureFile(name, 'batch'), '--config', configFile(name), '--out', out, '--json')
    expect(status, said).toBe(0)
    const result = readNpz(readFileSync(out))
    const expected = loadTensors(name, 'outputs')
    const gradients = Object.keys(expected).filter(key => key.startsWith('g/'))
    expect(Object.keys(result).filter(key => key.startsWith('g/')).sort()).toEqual(gradients.sort())
    for (const key of ['velocity', 'features', 'loss_per_sample', 'loss', 'loss_fm', ...gradients]) {
      expect(result[key].shape, key).toEqual(expected[key].shape)
      expect(relative(result[key].data as Float32Array, expected[key].data), key).toBeLessThan(2e-5)
    }
    expect(relative(result.loss_contrastive.data as Float32Array, expected.loss_contrastive?.data ?? [0])).toBeLessThan(2e-5)
    expect(JSON.parse(text).loss).toBeCloseTo(expected.loss.data[0], 5)
  })

  test('a batch with NaN inside gives one sentence, exit code 2, and no file', async () => {
    const file = join(folder, 'nan.npz')
    const batch = readNpz(readFileSync(fixtureFile('fm', 'batch')))
    const data = Float32Array.from(batch.x0.data as Float32Array)
    data[9] = Number.NaN
    writeFileSync(file, writeNpz({ ...batch, x0: { ...batch.x0, data } }))
    const out = join(folder, 'none.npz')
    const { status, out: text, said } = await lab('step', '--weights', fixtureFile('fm', 'weights'), '--batch', file, '--config', configFile('fm'), '--out', out)
    expect([status, text, said]).toEqual([2, '', `lab: ${file}: tensor x0 holds NaN at place 9; finite float32 numbers are expected\n`])
    expect(() => readFileSync(out)).toThrow()
  })
})

const tiny = ['--preset', 'small', '--no-tune', '--json', ...['net.width=8', 'net.heads=1', 'data.count=64', 'data.heldOut=32', 'train.batch=4', 'evaluate.samples=2', 'evaluate.perLevel=8', 'evaluate.solverSteps=2', 'evaluate.measure=false'].flatMap(setting => ['--set', setting])]

test('lab train, then going on: the checkpoint of the run that was not stopped', async () => {
  const at = (name: string) => join(folder, name)
  const whole = await lab('train', ...tiny, '--steps', '8', '--out', at('whole'))
  expect(whole.status, whole.said).toBe(0)
  expect(JSON.parse(whole.out)).toMatchObject({ outcome: 'finished', step: 8 })
  expect((await lab('train', ...tiny, '--steps', '5', '--out', at('half'))).status).toBe(0)
  const rest = await lab('train', '--resume', join(at('half'), 'checkpoint.npz'), '--steps', '8', '--no-tune', '--out', at('rest'))
  expect(rest.status, rest.said).toBe(0)
  const tensors = (name: string) => readNpz(readFileSync(join(at(name), 'checkpoint.npz')))
  expect(tensors('rest')).toEqual(tensors('whole'))
  const record = JSON.parse(readFileSync(join(at('rest'), 'run.json'), 'utf8'))
  const straight = JSON.parse(readFileSync(join(at('whole'), 'run.json'), 'utf8'))
  expect(record.metrics).toEqual(straight.metrics) // all eight steps, though five of them were made by another program
  expect(record.bands[0].step).toEqual([5, 8])
  expect(record).toMatchObject({ format: 'low-noise-lab run', outcome: 'finished', step: 8, from: { step: 5 } })
  expect(record.lossByT.mean.length).toBe(2)
  expect(record.lossByT.count).toBe(8)
  expect(readFileSync(join(at('rest'), 'samples.png')).subarray(1, 4).toString()).toBe('PNG')
})

describe('a stored run', () => {
  const run = join(folder, 'stored')
  beforeAll(async () => {
    const { status, said } = await lab('train', ...tiny, '--steps', '30', '--set', 'train.warmup=0', '--set', 'train.learningRate=0.02', '--out', run) // far enough for solvers to differ
    expect(status, said).toBe(0)
  })

  test('lab evaluate measures it, the same twice', async () => {
    const words = ['evaluate', run, '--what', 'loss,kappa', '--set', 'condition.levels=4', '--set', 'condition.pairs=8', '--json']
    const { status, out, said } = await lab(...words)
    expect(status, said).toBe(0)
    const { step, lossByT, labels, measurements } = JSON.parse(out)
    expect([step, labels.length, lossByT.mean.length, measurements[0].id, measurements[0].panels[0].curves.length]).toEqual([30, 2, 2, 'condition', 4])
    const again = JSON.parse((await lab(...words)).out)
    expect(again.measurements[0].panels).toEqual(measurements[0].panels)
    const wrong = await lab('evaluate', run, '--what', 'probes')
    expect([wrong.status, wrong.out]).toEqual([2, ''])
    const unguided = await lab('evaluate', run, '--what', 'quality', '--set', 'evaluate.guidance=2')
    expect([unguided.status, unguided.out]).toEqual([2, ''])
    expect(unguided.said).toMatch(/^lab: evaluate\.guidance: guidance 2 needs a network that was trained with and without labels/)
  })

  test('lab sample draws every replica of it, the same twice, and otherwise with another solver', async () => {
    const drawn = async (name: string, ...words: string[]) => {
      const file = join(folder, name)
      const { status, out, said } = await lab('sample', run, '--count', '4', '--out', file, '--json', ...words)
      expect(status, said).toBe(0)
      return { told: JSON.parse(out), picture: decode(readFileSync(file)) }
    }
    const heun = await drawn('heun.png', '--solver', 'heun', '--steps', '3')
    expect(heun.told).toMatchObject({ step: 30, replicas: ['Flow matching', 'LCF'], count: 4, solver: 'heun', steps: 3 })
    const [side, gap] = [12 * 4, 2]
    expect([heun.picture.width, heun.picture.height]).toEqual([4 * (side + gap) - gap, 3 * (side + gap) - gap])
    expect((await drawn('again.png', '--solver', 'heun', '--steps', '3')).picture.data).toEqual(heun.picture.data)
    const euler = await drawn('euler.png', '--solver', 'euler', '--steps', '3')
    const held = side * heun.picture.width * 4 // the row of held-out images
    expect(euler.picture.data.subarray(0, held)).toEqual(heun.picture.data.subarray(0, held))
    expect(euler.picture.data.subarray(held)).not.toEqual(heun.picture.data.subarray(held))
    expect((await drawn('set.png', '--set', 'evaluate.solver=heun', '--set', 'evaluate.solverSteps=3')).picture.data).toEqual(heun.picture.data)
    const most = async (tolerance: number) => Math.max(...(await drawn('dopri5.png', '--solver', 'dopri5', '--set', `evaluate.rtol=${tolerance}`, '--set', `evaluate.atol=${tolerance}`)).told.evaluations as number[])
    expect(await most(1e-6)).toBeGreaterThan(await most(0.1))
  })

  test.each([
    [['--solver', 'newton'], /^lab: .*--solver.*euler/],
    [['--steps', '-3'], /^lab: .*--steps/],
    [['--count', '1e9'], /^lab: .*--count/],
    [['--guidance', '3'], /^lab: --guidance: guidance 3 needs a network that was trained with and without labels/],
    [['--correction'], /^lab: --correction: no replica of this run was trained by ΔFM, so there is nothing to put back; leave it out$/m],
    [['--set', 'evaluate.rtol=0'], /^lab: evaluate\.rtol: /],
    [['--set', 'net.width=8'], /^lab: --set net\.width=8: a stored run takes settings of evaluate/],
    [['--interval', '0.5'], /^lab: --interval 0\.5: two noise levels from 0 to 1 are expected/],
  ])('lab sample %j: one sentence and no picture', async (words, sentence) => {
    const file = join(folder, 'none.png')
    const { status, out, said } = await lab('sample', run, ...words, '--out', file)
    expect([status, out]).toEqual([2, ''])
    expect(said).toMatch(sentence)
    expect(said.trim().split('\n')).toHaveLength(1)
    expect(existsSync(file)).toBe(false)
  })
})
