/** An adapter's speed, and what a run's own steps say of it. */
import { expect, test } from 'vitest'
import { expectedTime } from '../../src/lab/expect.ts'
import { recordRun } from '../../src/lab/plan.ts'
import { measureSpeed } from '../../src/lab/speed.ts'
import { presetTiles } from '../../src/lab/tune.ts'
import { countCalls } from '../support/count_calls.ts'
import { testLibrary } from '../support/given_training.ts'
import { requestTestDevice } from '../support/gpu.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

test('the adapter is tried on few dispatches; a run whose steps are known has the speed by which they took as long', async () => {
  const device = await requestTestDevice()
  const { result: speed, counts } = await countCalls(async () => measureSpeed(device, await testLibrary()))
  expect(speed.flops).toBeGreaterThan(1e6)
  expect(speed.flops).toBeLessThan(1e15)
  expect(speed.dispatch).toBeGreaterThan(0)
  expect(speed.dispatch).toBeLessThan(1)
  expect(counts.submit).toBeLessThanOrEqual(15)

  const config = tinyConfig()
  const session = await create(config)
  expect(session.speedShown(speed)).toEqual(speed)
  for (let i = 0; i < 6; i++) await session.advance(1) // one burst each
  const { step } = expectedTime(recordRun(config, presetTiles(device)), config, session.speedShown(speed))
  expect(step * session.tick().stepsPerSecond).toBeCloseTo(1, 6)
})
