/** Every experiment of the list trains: as it is, but on few images and for a few steps, and large networks made small. */
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { presets } from '../../src/lab/presets.ts'
import { sessions } from '../support/sessions.ts'

const { create } = sessions()

test.each(presets.map(preset => [preset.id, preset] as const))('%s', async (_, { config }) => {
  const { net, objective, evaluate, train, data, replicas = [{}, {}] } = parseConfig(config)
  const large = net.blocks > 4 && { net: { ...net, size: 16, width: 16, blocks: 2, heads: 1 }, objective: { ...objective, layer: 2 } }
  const session = await create(parseConfig({
    ...config, ...large, data: { ...data, count: 64, heldOut: 16 }, train: { ...train, batch: 4, microBatches: Math.min(2, train.microBatches) }, evaluate: { ...evaluate, every: 2, perLevel: 8, samples: 2, samplesEvery: 2, solverSteps: 2, measure: false },
    replicas: replicas.map(({ images, batch, ...rest }) => ({ ...rest, ...(batch !== undefined && { batch: Math.min(4, batch) }), ...(images !== undefined && { images: Math.min(64, images) }) })),
  }))
  await session.advance(2)
  await session.readMetrics()
  const { replicas: seen, lossByT, samples } = session.tick()
  expect(seen.length).toBe(replicas.length)
  for (const { flow, skipped } of seen) {
    expect(flow.value).toHaveLength(2)
    expect(flow.value.every(value => value !== null && value > 0)).toBe(true)
    expect(skipped).toBe(0)
  }
  expect(lossByT!.mean.flat().every(value => value !== null && value > 0)).toBe(true)
  expect(samples!.images.every(image => image.every(Number.isFinite))).toBe(true)
})
