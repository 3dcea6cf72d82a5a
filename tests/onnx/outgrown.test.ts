/** The PyTorch script that goes on with a run: its losses and its steps are the engine's. Needs Debian's python3-torch. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { givenStep } from '../../src/lab/given_step.ts'
import { outgrownFolder } from '../../src/lab/outgrown/folder.ts'
import { readSafetensors } from '../../src/lab/safetensors.ts'
import { checkpointOf, readWeightsFile } from '../../src/lab/weights_file.ts'
import { packState } from '../../src/model/knobs.ts'
import { fromNamed, parameterLayout } from '../../src/model/parameters.ts'
import { type FixtureName, loadConfig, loadTensors } from '../fixtures/load.ts'
import { relative } from '../support/compare.ts'
import { fixtureWeights } from '../support/fixture_step.ts'
import { requestTestDevice } from '../support/gpu.ts'
import { flat, randomParameters } from '../support/random_net.ts'

const folder = mkdtempSync(join(tmpdir(), 'lab-outgrown-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PYTHON = '/usr/bin/python3'
const torch = spawnSync(PYTHON, ['-c', 'import torch, numpy']).status === 0

/** The folder of a run that stands at the fixture's weights. */
function write(name: FixtureName, config: Config): void {
  const { length } = parameterLayout(config.net)
  const weights = fromNamed(parameterLayout(config.net), fixtureWeights(name))
  const replicas = [{ parameters: weights, ema: weights, first: new Float32Array(length), second: new Float32Array(length), state: packState({}) }]
  const d = config.net.channels * config.net.size ** 2
  const data = { train: new Float32Array(16 * d).fill(0.5), trainLabels: new Uint8Array(16) }
  for (const [file, contents] of Object.entries(outgrownFolder({ config, step: 0, replicas }, 0, data, '1'))) writeFileSync(join(folder, file), contents)
}

/** Runs Python beside train.py. @returns what it printed, as JSON */
function python(name: FixtureName, lines: string[]): unknown {
  copyFileSync(resolve(`tests/fixtures/${name}/batch.npz`), join(folder, 'batch.npz'))
  const start = [
    'import json, numpy, torch, train', 'torch.set_num_threads(1)', 'torch.set_default_dtype(torch.float64)', 'config = json.load(open("config.json"))',
    'run = train.Run(config, train.load_safetensors("checkpoint.safetensors")[0])', 'batch = {key: torch.from_numpy(value) for key, value in numpy.load("batch.npz").items()}',
    'x0, eps, t = (batch[key].double() for key in ("x0", "eps", "t"))', 'y = batch["y"].long() if "y" in batch else None',
    'fresh = batch["anchor_eps"].double() if config["objective"]["noise"] == "fresh" else None',
  ]
  const { stdout, stderr } = spawnSync(PYTHON, ['-W', 'ignore', '-c', [...start, ...lines].join('\n')], { cwd: folder, encoding: 'utf8' })
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout)
}

describe.skipIf(!torch)('losses on a fixed batch', () => {
  test.each(['fm', 'labelled', 'lcf', 'self-conditioned', 'perceptron'] as const)('%s', async name => {
    const fixture = loadConfig(name)
    const batch = loadTensors(name, 'batch')
    const objectives = [{}, ...Object.values(fixture.variants)].map(change => ({ ...fixture.objective, ...change }))
    const configs = objectives.map(objective => parseConfig({ net: fixture.net, objective, train: { batch: batch.t.data.length }, replicas: [{}] }))
    write(name, configs[0])
    writeFileSync(join(folder, 'objectives.json'), JSON.stringify(objectives))
    const losses = python(name, [
      'results = []', 'for objective in json.load(open("objectives.json")):', '    run.module.objective = {**objective, **{key: config["objective"][key] for key in ("tMin", "lambda", "flowBelow")}}',
      '    fresh = batch["anchor_eps"].double() if objective["noise"] == "fresh" else None',
      '    results.append([loss.item() for loss in run.module(x0, eps, t, y, config["objective"]["lambda"], fresh)])', 'print(json.dumps(results))',
    ]) as number[][]
    expect(losses).toHaveLength(name === 'lcf' ? 11 : 1)
    const float = (key: string) => Float32Array.from(batch[key].data)
    for (const [i, config] of configs.entries()) {
      const { loss, lossFlow, lossContrastive } = await givenStep(await requestTestDevice(), config, fixtureWeights(name), {
        x0: float('x0'), eps: float('eps'), t: float('t'), y: batch.y ? Array.from(batch.y.data, Number) : undefined, anchorEps: config.objective.noise === 'fresh' ? float('anchor_eps') : undefined,
      })
      const own = [loss, lossFlow, lossContrastive]
      expect(losses[i].map((value, k) => Math.abs(value - own[k]) < 2e-5 * Math.max(1, Math.abs(own[k]))), JSON.stringify([losses[i], own, objectives[i]])).toEqual([true, true, true])
    }
  })
})

test.skipIf(!torch)('ten steps: rate, clip, decay, Adam and running mean as in the engine’s own reference', () => {
  const fixture = loadConfig('curve')
  write('curve', parseConfig({ net: fixture.net, objective: fixture.objective, train: { ...fixture.train, batch: 4 }, replicas: [{}] }))
  const losses = python('curve', [
    'losses = [run.advance(x0[i], eps[i], t[i], None)[0] for i in range(10)]',
    'train.save_safetensors("checkpoint.safetensors", run.tensors(), train.load_safetensors("checkpoint.safetensors")[1])', 'print(json.dumps(losses))',
  ]) as number[]
  const expected = loadTensors('curve', 'outputs')
  expect(relative(losses, expected.loss.data)).toBeLessThan(1e-6)
  const bytes = new Uint8Array(readFileSync(join(folder, 'checkpoint.safetensors')))
  const { tensors } = readSafetensors(bytes)
  for (const name of loadConfig('curve').parameters) {
    expect(relative(tensors[`model.${name}`].data!, expected[`final/${name}`].data), name).toBeLessThan(1e-5)
    expect(relative(tensors[`ema.${name}`].data!, expected[`ema/${name}`].data), name).toBeLessThan(1e-5)
  }
  // And home again: the running mean.
  const imported = readWeightsFile(bytes)
  expect(imported.differences).toEqual([])
  expect(imported.parameters!['x_embedder.proj.bias'].data).toEqual(tensors['ema.x_embedder.proj.bias'].data)
  expect(() => checkpointOf(imported)).toThrow(/^net\.size: /) // 4 pixels are a size of no data set
})

test.skipIf(!torch)('self-conditioning learns there too, and only under its method', () => {
  const { net, objective } = loadConfig('self-conditioned')
  const moved = ['fm', 'self-conditioned'].map(method => {
    write('self-conditioned', parseConfig({ net, objective: { ...objective, method }, train: { weightDecay: 0 }, replicas: [{}] }))
    return python('self-conditioned', [
      'W = run.names["self_condition.linear.weight"]', 'before = W.detach().clone()', 'run.advance(x0, eps, t, y)', 'print((W - before).abs().max().item())',
    ])
  })
  expect(moved).toEqual([0, expect.closeTo(1e-5, 6)]) // the first warm-up step of Adam moves all that has a gradient by its rate
})

test.skipIf(!torch)('labels are left out there too: the row for none learns', () => {
  const net = { channels: 1, size: 4, patch: 2, width: 8, blocks: 1, heads: 2, classes: 3, labelDrop: 0.5 } as const
  const config = parseConfig({ net, objective: { method: 'fm', layer: 1 }, train: { batch: 8, warmup: 0, learningRate: 0.01 }, replicas: [{}] })
  const weights = flat(config.net, randomParameters(config.net, 4))
  const zero = () => new Float32Array(weights.length)
  const replicas = [{ parameters: weights, ema: weights, first: zero(), second: zero(), state: packState({}) }]
  for (const [file, contents] of Object.entries(outgrownFolder({ config, step: 0, replicas }, 0, { train: new Float32Array(16 * 16).fill(0.5), trainLabels: Uint8Array.from({ length: 16 }, (_, i) => i % 2) }, '1'))) writeFileSync(join(folder, file), contents)
  const { status, stderr } = spawnSync(PYTHON, ['-W', 'ignore', 'train.py', '--steps', '4'], { cwd: folder, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const moments = readSafetensors(new Uint8Array(readFileSync(join(folder, 'checkpoint.safetensors')))).tensors['exp_avg.y_embedder.embedding_table.weight']
  expect(moments.shape).toEqual([4, 8])
  const moved = (row: number) => moments.data!.subarray(8 * row, 8 * row + 8).some(value => value !== 0)
  expect([0, 1, 2, 3].map(moved)).toEqual([true, true, false, true]) // no image is of the third class
})

/** What torchrun starts: here two processes, each told its rank. (Debian's own torchrun does not start.) */
async function together(...words: string[]): Promise<{ status: (number | null)[]; out: string[]; said: string }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  await new Promise(done => { listener.close(done) })
  let said = ''
  const runs = [0, 1].map(async rank => {
    const env = { ...process.env, OMP_NUM_THREADS: '1', RANK: `${rank}`, LOCAL_RANK: `${rank}`, WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${port}` }
    const child = spawn(PYTHON, ['-W', 'ignore', ...words], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', piece => { out += piece })
    child.stderr.on('data', piece => { said += piece })
    const [status] = await once(child, 'close') as [number | null]
    return { status, out }
  })
  const ended = await Promise.all(runs)
  return { status: ended.map(({ status }) => status), out: ended.map(({ out }) => out), said }
}

describe.skipIf(!torch)('two processes', () => {
  test('on halves of a batch make the step of one on the whole, also with gradients across them', async () => {
    const fixture = loadConfig('lcf')
    // Samples of both halves lie below 0.2, and meet in the contrastive term.
    write('lcf', parseConfig({ net: fixture.net, objective: { ...fixture.objective, tMin: 0.2, variant: 'equation14', detach: false }, train: { batch: 8, warmup: 0, learningRate: 0.01, clip: 0 }, replicas: [{}] }))
    const whole = python('lcf', ['losses = run.advance(x0, eps, t, y)', 'train.save_safetensors("whole.safetensors", run.tensors(), {})', 'print(json.dumps(losses))']) as number[]
    writeFileSync(join(folder, 'half.py'), [
      'import json, numpy, torch, train', 'import torch.distributed as dist', 'torch.set_default_dtype(torch.float64)', 'dist.init_process_group("gloo")', 'half = slice(dist.get_rank(), None, 2)',
      'run = train.Run(json.load(open("config.json")), train.load_safetensors("checkpoint.safetensors")[0])', 'batch = {key: torch.from_numpy(value).double() for key, value in numpy.load("batch.npz").items()}',
      'losses = torch.tensor(run.advance(batch["x0"][half], batch["eps"][half], batch["t"][half], None))', 'dist.all_reduce(losses)',
      'if dist.get_rank() == 0:', '    train.save_safetensors("halves.safetensors", run.tensors(), {})', '    print(json.dumps((losses / 2).tolist()))',
    ].join('\n'))
    const { status, out, said } = await together('half.py')
    expect(status, said).toEqual([0, 0])
    const halves = JSON.parse(out[0]) as number[]
    expect(relative(halves, whole)).toBeLessThan(1e-6)
    const [one, two] = ['whole', 'halves'].map(name => readSafetensors(new Uint8Array(readFileSync(join(folder, `${name}.safetensors`)))).tensors)
    // The gradient itself, unclipped: a step of Adam would hide its size.
    for (const name of Object.keys(one).filter(key => key.startsWith('exp_avg.'))) expect(relative(two[name].data!, one[name].data!), name).toBeLessThan(1e-5)
  })

  test('go on with a run, and write it once', async () => {
    write('lcf', parseConfig({ net: loadConfig('lcf').net, objective: { ...loadConfig('lcf').objective, tMin: 0.4 }, train: { batch: 8 }, replicas: [{}] }))
    const { status, out, said } = await together('train.py', '--steps', '3')
    expect(status, said).toEqual([0, 0])
    expect(out).toEqual([expect.stringMatching(/^step 3: loss \d/), ''])
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toMatchObject({ step: 3, updates: 3 })
    expect(readWeightsFile(new Uint8Array(readFileSync(join(folder, 'checkpoint.safetensors'))))).toMatchObject({ step: 3, differences: [] })
  })
})
