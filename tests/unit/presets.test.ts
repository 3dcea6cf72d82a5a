import { expect, test } from 'vitest'
import { parseConfig, seedGroups } from '../../src/config.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { planMemory } from '../../src/lab/plan.ts'
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
