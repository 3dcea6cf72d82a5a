import { describe, expect, test } from 'vitest'
import { type Config, parseConfig, seedGroups } from '../../src/config.ts'
import type { DatasetBatch } from '../../src/datasets/dataset.ts'
import { datasetOf } from '../../src/datasets/index.ts'
import type { Bench } from '../../src/diagnostics/diagnostic.ts'
import { type Exam, fitFewLabels } from '../../src/diagnostics/fit.ts'
import { diagnosticOf, parseSettings } from '../../src/diagnostics/index.ts'
import { LARGEST_BINDING } from '../../src/diagnostics/look.ts'
import { netSlopes } from '../../src/diagnostics/slopes.ts'
import { levelsOf, netSource, pixelSource, type Sight } from '../../src/diagnostics/sweep.ts'
import { works } from '../../src/diagnostics/work.ts'
import { Recorder, type Tensor } from '../../src/engine/recorder.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { planMemory } from '../../src/lab/plan.ts'
import { recordTraining } from '../../src/model/training.ts'
import { diagnosticChoices, presets, refusalOf } from '../../src/store/catalog.ts'
import { costOf } from '../../src/store/cost.ts'
import { everyOf, settingsOf } from '../../src/store/measurements.ts'

const each = presets.map((preset) => [preset.id, parseConfig(preset.config)] as const)

test.each(each)('%s: everything that it measures by itself can be measured', (_, config) => {
  checkConfig(config)
  const scheduled = diagnosticChoices.filter(({ id }) => everyOf(config, id) > 0)
  expect(scheduled.length).toBeGreaterThan(1)
  for (const { id } of scheduled) expect([id, refusalOf(id, config, settingsOf(config, id))]).toEqual([id, null])
  for (const { id, settings = {} } of config.measures) expect(settingsOf(config, id)).toMatchObject(settings)
})

test.each(each)('%s: measuring takes about as long as training at most, and where machines are slow half of it', (id, config) => {
  const { steps } = config.train
  const times = (every: number) => Math.floor(steps / every) + (steps % every ? 1 : 0) // and once at the end
  const work = diagnosticChoices.reduce((sum, one) => {
    const every = everyOf(config, one.id)
    return every > 0 ? sum + times(every) * costOf(config, one.work(config, settingsOf(config, one.id)), 0).steps : sum
  }, 0)
  expect(work / steps).toBeLessThan(id === 'small' ? 0.5 : 1.25)
})

test('whatever view a notice sends its reader to is there', () => {
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
  const views = diagnosticChoices.flatMap(({ id, group, tab = capital(id) }) => [`(${capital(group)})`, `(${capital(group)}, ${tab})`])
  const sent = presets.flatMap(({ notice }) => notice.match(/\([A-Z][a-z]+(, [^)]+)?\)/g) ?? [])
  expect(sent.length).toBeGreaterThan(7)
  for (const one of sent) expect(views).toContain(one)
})

test('the first shows the spread over seeds from one Run; the next does without, for a third of the work', () => {
  const [first, second] = presets.map(({ config }) => parseConfig(config))
  expect(seedGroups(first)).toEqual([[0, 2, 4], [1, 3, 5]])
  expect(seedGroups(second)).toEqual([[0], [1]])
  expect({ ...first, replicas: second.replicas }).toEqual(second)
})

test('networks of the paper’s size: their weights, activations that fit, and a refusal with numbers where a GPU has only what is guaranteed', () => {
  const large = each.filter(([id]) => id.startsWith('paper-'))
  expect(large.map(([id]) => id)).toEqual(['paper-384-32', 'paper-384-64', 'paper-768-32', 'paper-768-64'])
  for (const [id, config] of large) {
    const plan = planMemory(config, { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 })
    expect([id, plan.refusal]).toEqual([id, undefined])
    expect(plan.parameters).toBe(config.net.width === 384 ? 32_471_436 : 129_528_588)
    expect(plan.parts.find(({ name }) => name === 'activations')!.bytes).toBeLessThan(3 * 2 ** 30)
    const { refusal } = planMemory(config, { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 })
    expect(refusal).toBe(config.net.width === 384 ? undefined : '“weights” needs 494 MiB in one buffer and this GPU allows 128 MiB: use a smaller width, fewer blocks or fewer replicas')
    const undivided = planMemory({ ...config, train: { ...config.train, microBatches: 1 } }, { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 })
    expect(undivided.refusal).toBeDefined()
  }
})

/** Thrown where buffers would be made. */
class Laid extends Error {}

/** Names and bytes of the tensors in the first table of a measurement, found without a device; images are stripes. */
async function firstTable(config: Config, measure: (bench: Bench) => Promise<unknown>): Promise<[string, number][]> {
  const dataset = datasetOf(config.data.dataset)!
  const training = recordTraining(config, { images: config.data.count })
  const { dimensions } = training.batch
  const stripes = (count: number): DatasetBatch => ({
    images: Float32Array.from({ length: count * dimensions }, (_, i) => (i % 97) / 97), labels: Uint8Array.from({ length: count }, (_, i) => i % dataset.classes.length),
    latents: new Float32Array(count * dataset.latentNames.length), channels: config.net.channels, size: config.net.size,
  })
  const tensors = new Set<Tensor>()
  const bench: Bench = {
    config, step: 0, training, labels: ['net'], groups: [{ label: 'net', replicas: [0] }], earlier: [],
    data: { dataset, train: new Float32Array(0), trainLabels: new Uint8Array(0), heldOut: new Float32Array(0), heldOutLabels: new Uint8Array(0) },
    classifier: async () => null, kept: (_, make) => make(), images: async count => stripes(count), recorder: () => new Recorder(tensors), progress: async () => {},
    async lay() { throw new Laid() },
  }
  await expect(measure(bench)).rejects.toThrow(Laid)
  return [...tensors].map(({ name, length }) => [name, 4 * length])
}

describe.each(each.filter(([id]) => id.startsWith('paper-')))('%s measures with buffers that every GPU has room for', (_, config) => {
  // Those that look at the most images in their first table, which many more would not fit into.
  test.each([['memory', 'images'], ['denoising', 'images'], ['classes', 'images'], ['condition', 'pairs']] as const)('%s, however many %s', async (id, count) => {
    const most = Math.min(config.data.count, config.data.heldOut, diagnosticOf(id).settings.shape[count].unwrap().maxValue)
    const tables = await firstTable(config, bench => works[id].measure(bench, parseSettings(diagnosticOf(id), { ...settingsOf(config, id), [count]: most }) as never))
    for (const [name, bytes] of tables) expect(bytes, name).toBeLessThanOrEqual(LARGEST_BINDING)
  })

  test('slopes of the field, however many images', async () => {
    const tables = await firstTable(config, bench => netSlopes(bench, { count: 64, noise: new Float32Array(0), t: [0.5], turns: 1, between: async () => {} }))
    for (const [name, bytes] of tables) expect(bytes, name).toBeLessThanOrEqual(LARGEST_BINDING)
  })

  test.each(config.measures.map(({ id }) => id))('%s', async id => {
    const settings = settingsOf(config, id)
    expect(refusalOf(id, config, settings)).toBeNull()
    const parsed = parseSettings(diagnosticOf(id), settings)
    const tables = id === 'probe'
      // Of its two sources by itself, for the noise of its images takes long to draw.
      ? await Promise.all([(bench: Bench) => netSource(bench, [config.objective.layer]), pixelSource].map(sourceOf => firstTable(config, bench => {
        const [labelled, draws, test] = [parsed.labels, parsed.draws, parsed.test].map(Number)
        const sight = (count: number): Sight => ({ count, images: new Float32Array(0), noise: new Float32Array(0) })
        const exam: Exam = { classes: bench.data.dataset.classes.length, labelled, draws, train: sight(draws * labelled), validation: null, test: sight(test), labels: new Uint32Array(0) }
        return fitFewLabels(bench, sourceOf(bench), exam, [0.01], { between: async () => {}, t: levelsOf(String(parsed.t))!, neighbours: true })
      })))
      : [await firstTable(config, bench => works[id].measure(bench, parsed as never))]
    for (const [name, bytes] of tables.flat()) expect(bytes, name).toBeLessThanOrEqual(LARGEST_BINDING)
  })
})
