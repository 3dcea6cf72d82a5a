import { expect, test } from 'vitest'
import { parseConfig, seedGroups } from '../../src/config.ts'
import { checkConfig } from '../../src/lab/data.ts'
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
