/** Training, sampling and measuring along paths from image to noise other than the linear one, each replica along its own. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput, ObjectiveConfig } from '../../src/config.ts'
import { pathFamilies } from '../../src/flow/paths.ts'
import { placeOn } from '../../src/flow/place.ts'
import { lowFirst } from '../../src/lab/given_step.ts'
import { readModel } from '../../src/lab/open_file.ts'
import { resolveReplica } from '../../src/model/replica.ts'
import { parameterLayout, toNamed } from '../../src/model/parameters.ts'
import { exportOnnx } from '../../src/onnx/export.ts'
import { toPyTorch } from '../../src/reference/dit_parameters.ts'
import { objective } from '../../src/reference/objective.ts'
import { differingBits, norm, relative } from '../support/compare.ts'
import { batchWith, configOf, gradientOf, lcfStep, LOW, net } from '../support/lcf_step.ts'
import { randomParameters, twinBatch } from '../support/random_net.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const { create } = sessions()
const methods = ['fm', 'lcf', 'x-prediction', 'noise-prediction', 'fm', 'x-prediction']
const paths: ObjectiveConfig['path'][] = ['cosine', 'vp', 'power-noise', 'linear-vp', 've', 'linear']
/** Less noise than usual at t = 1, so that no replica's numbers drown. */
const calm = { sigmaMax: 3 }

describe.each(['velocity', 'image', 'middle'] as const)('with the error of the %s', loss => {
  test('velocity and gradients are those of the float64 twin along the path', async () => {
    const config = configOf({ loss, ...calm }, methods, paths)
    const batch = batchWith(LOW)
    await lcfStep({ loss, ...calm }, async training => {
      for (const [r, replica] of config.replicas.entries()) {
        const { objective: options, method, path } = resolveReplica(config, replica)
        const { tMin, lambda } = method.knobs(options)
        const { order } = lowFirst(batch.t, tMin)
        const twin = objective(net, randomParameters(net, 7), twinBatch(batch, order), { ...options, tMin, lambda }, t => placeOn(path, t))
        const which = `${method.id} along ${path.id}`
        expect(relative(await training.velocity(r), twin.velocity), which).toBeLessThan(1e-5)
        const expected = toPyTorch(net, twin.gradients)
        const got = await training.gradients(r)
        const whole = Math.hypot(...Object.values(expected).map(norm))
        for (const [name, values] of Object.entries(expected)) expect(norm(values.map((v, i) => v - got[name].data[i])) / Math.max(norm(values), 1e-3 * whole), `${name}, ${which}`).toBeLessThan(5e-5)
      }
    }, { methods, paths })
  })
})

test('the linear path has its bits beside curved ones, with as many dispatches', async () => {
  const all = ['fm', 'lcf', 'x-prediction', 'exfm']
  for (const loss of ['velocity', 'image'] as const) {
    const beside = await lcfStep({ loss, candidates: 4 }, training => Promise.all(all.map((_, r) => training.flatGradients(r))), { methods: [...all, 'fm'], paths: ['linear', 'linear', 'linear', 'linear', 'cosine'] })
    for (const [r, method] of all.entries()) expect(differingBits(await gradientOf({ loss, candidates: 4 }, { methods: [method] }), beside[r]), `${method}, ${loss}`).toBe(0)
  }
  const count = (path: ObjectiveConfig['path']) => withTrainer(tinyConfig({ objective: { path } }), async trainer => trainer.dispatchesPerStep)
  expect(await count('cosine')).toBe(await count('linear'))
})

test('every path trains, is sampled by every kind of solver and measured, and the run goes on from a checkpoint', async () => {
  const every = (['linear', 'cosine', 'power', 'power-noise', 'vp', 'lipman', 'scaled', 'linear-vp', 've'] as const).map(path => ({ method: 'fm', path }))
  const session = await create(tinyConfig({ replicas: every, objective: { power: 0.5, ...calm }, evaluate: { solver: 'heun' } }))
  await session.advance(4)
  const { mean, floor, floors } = await session.evaluate()
  for (const replica of mean) expect(replica.every(value => Number.isFinite(value))).toBe(true)
  expect(floor).toBeNull()
  expect(floors!.map(({ replicas }) => replicas)).toEqual(every.map((_, r) => [r]))
  for (const [r, path] of [[0, 'linear'], [4, 'vp'], [8, 've']] as const) {
    const alone = await create(tinyConfig({ replicas: [{ method: 'fm' }], objective: { path, power: 0.5, ...calm } }))
    expect((await alone.evaluate()).floor).toEqual(floors![r].values)
  }
  for (const solver of ['heun', 'dopri5', 'sde'] as const) {
    const checkpoint = await session.checkpoint()
    const again = await create({ ...checkpoint.config, evaluate: { ...checkpoint.config.evaluate, solver } })
    for (const image of (await again.sample()).images) expect(image.every(Number.isFinite), solver).toBe(true)
  }
  const { panels: [demand] } = await session.measure('condition', { levels: 4, pairs: 8, path: 've' })
  // The run's σ_max is another than that of the theory, which is told apart by it.
  const demanded = (name: string) => demand.curves.find(({ label }) => label === `demanded, VE${name}`)!
  expect(demanded(', σ_min = 0.01, σ_max = 50').y[0]).toBeCloseTo(Math.log(50 / 0.01), 6)
  expect(demanded(', σ_min = 0.01, σ_max = 3').y[0]).toBeCloseTo(Math.log(3 / 0.01), 6)
  expect(demand.curves.filter(({ kind }) => kind === 'theory').map(({ label }) => label)).toEqual(expect.arrayContaining(['demanded, linear', 'demanded, cosine']))
  expect(() => session.measure('propositions')).toThrow(/is about the linear path/)
})

test.each([
  ['denoising', { t: '0.02 0.3 0.9', images: 16, draws: 4, slopes: 2, turns: 8 }],
  ['memory', { levels: 4, images: 16, draws: 4 }],
  ['hybrid', { images: 4, steps: 10, t: '0.3 0.6 1' }],
  ['windows', { images: 64, steps: 10, windows: 2, length: 0.5 }],
])('%s finds beside other paths what it finds along one alone, of nets and in closed form', async (id, settings) => {
  const measured = async (replicas: NonNullable<ConfigInput['replicas']>) => {
    const session = await create(tinyConfig({ data: { dataset: 'gaussian' }, objective: { ...calm, candidates: 8 }, train: { learningRate: 0.01 }, replicas }))
    await session.advance(10)
    return (await session.measure(id, settings)).panels
  }
  // LCF’s T_min is the last level of every run, so that one that ends early for the sake of its path does not end all.
  const along = (path: ObjectiveConfig['path']) => [{ method: 'lcf', path }, { method: 'exfm', path }]
  const among = ['linear', 'vp', 've'] as const
  const beside = await measured(among.flatMap(along))
  for (const [p, path] of among.entries()) {
    const panels = await measured(along(path))
    expect(beside.map(panel => panel.id)).toEqual(panels.map(panel => panel.id))
    for (const [i, { id: panel, curves, pictures = [] }] of panels.entries()) {
      for (const { replica, kind, label, y } of curves) {
        const named = kind === 'theory' && replica === null ? `${label}, ${pathFamilies[path].short}` : label
        const own = beside[i].curves.find(one => one.label === named && one.kind === kind && one.replica === (replica === null ? null : replica + 2 * p))
        // Left out where paths differ, to keep the picture readable.
        if (/^x_t as it is|a single image$/.test(label) && ['psnr', 'slope'].includes(panel)) expect(own).toBeUndefined()
        else own!.y.forEach((value, at) => (y[at] === null ? expect(value).toBeNull() : expect(Math.abs(value! - y[at]), `${panel} ${label} at ${at}, ${path}`).toBeLessThan(1e-4 * Math.max(0.1, Math.abs(y[at])))))
      }
      const all = beside[i].pictures ?? []
      pictures.forEach(({ pixels }, row) => expect(relative(Float64Array.from(all[p * pictures.length + row].pixels), Float64Array.from(pixels)), `${panel}, row ${row}, ${path}`).toBeLessThan(1e-4))
    }
  }
  expect(beside[0].notes.join(' ')).toMatch(/Paths differ, and with them how much noise there is at t/)
})

test('what a net makes of a small change of its input is measured on its own path, whatever is beside', async () => {
  const gains = async (among: ObjectiveConfig['path'][]) => {
    const session = await create(tinyConfig({ objective: calm, train: { learningRate: 0.01 }, replicas: among.map(path => ({ method: 'fm', path })) }))
    await session.advance(10)
    const { panels: [{ curves }] } = await session.measure('condition', { levels: 4, pairs: 8 })
    return curves.filter(({ replica }) => replica !== null).map(({ y }) => y.map(Number))
  }
  const among: ObjectiveConfig['path'][] = ['linear', 'vp', 've']
  const beside = await gains(among)
  for (const [r, path] of among.entries()) expect(relative(beside[r], (await gains([path]))[0]), path).toBeLessThan(1e-4)
})

test('where all go along one path, its closed forms are drawn: nobody is below the floor, and best is best', async () => {
  const session = await create(tinyConfig({ data: { dataset: 'gaussian' }, objective: { path: 'cosine' }, evaluate: { perLevel: 32 }, replicas: [{ method: 'fm' }] }))
  const { mean: [loss], floor } = await session.evaluate()
  loss.forEach((value, i) => expect(value!).toBeGreaterThan(0.8 * floor![i]))
  // At its start the net answers 0, so its loss is E‖v*‖².
  const { panels: [psnr, , , , slope] } = await session.measure('denoising', { t: '0.1 0.5 0.9', images: 32, draws: 4, slopes: 2, turns: 60 })
  const curve = (label: string) => psnr.curves.find(one => one.label === label)!.y.map(Number)
  curve('least possible error (MMSE)').forEach((best, i) => {
    for (const label of ['', 'x_t as it is', 'by heart, 64 training images']) expect(curve(label)[i], label).toBeLessThan(best + 1)
  })
  // Where hardly any noise is left one training image counts alone: its slope is that of a single one.
  const steep = (label: string) => Number(slope.curves.find(one => one.label === label)!.y[0])
  expect(steep('by heart') / steep('β′/β, a single image')).toBeCloseTo(1, 3)
  expect((await session.measure('memory', { levels: 4, images: 8, draws: 4 })).panels.length).toBe(2)
})

test('an ONNX file says its path, and answers with the velocity whatever its network predicts', () => {
  const source = (replica: { method: string; path: ObjectiveConfig['path'] }) => {
    const config = tinyConfig({ replicas: [replica] })
    const layout = parameterLayout(config.net)
    return { config, replica: 0, weights: 'ema' as const, step: 0, version: '1', parameters: toNamed(layout, new Float32Array(layout.length)) }
  }
  const bytes = exportOnnx(source({ method: 'lcf', path: 'vp' }))
  expect(new TextDecoder().decode(bytes)).toContain('{"b0":0.1,"b1":20}')
  const { opened } = readModel([{ name: 'vp.onnx', bytes }])
  expect(opened.reading).toMatchObject({ path: 'vp', parameters: { b0: 0.1, b1: 20 }, predicts: 'velocity', zero: 'clean' })
  // It is asked along the linear path, where T_min = .25 of the other lies elsewhere: at as much noise for as much image.
  const T = (0.25 ** 2 * 19.9) / 2 + 0.25 * 0.1
  expect(opened.untrainedBelow).toBeCloseTo(Math.sqrt(1 - Math.exp(-T)) / (Math.sqrt(1 - Math.exp(-T)) + Math.exp(-T / 2)), 10)
  for (const method of ['x-prediction', 'noise-prediction']) {
    const file = readModel([{ name: `${method}.onnx`, bytes: exportOnnx(source({ method, path: 'vp' })) }]).opened
    expect(file.reading, method).toEqual(opened.reading)
    expect(file.weights, method).toMatchObject({ whole: true, differences: [], notes: [] })
    expect(file.config!.replicas, method).toMatchObject([{ method, path: 'vp' }])
  }
})
