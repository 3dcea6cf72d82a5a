/** Two targets, one gradient: what the training's own target and the closed form lead to. */
import { expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

async function slopeOn(dataset: string, net: ConfigInput['net'], replicas: ConfigInput['replicas'] = [{ method: 'fm' }]) {
  const session = await create(tinyConfig({ net: { width: 16, blocks: 1, heads: 1, ...net }, data: { dataset, count: 128, heldOut: 16 }, replicas }))
  await session.advance(20)
  const [{ curves, summary }] = (await session.measure('gradients', { doublings: 6 })).panels
  const measured = curves.filter(({ kind }) => kind === 'measured')
  expect(measured).toHaveLength(replicas.length)
  for (const { x, y } of measured) {
    expect(x).toEqual([16, 32, 64, 128, 256, 512, 1024])
    // From 16 to 512 samples, where two sets are behind each, by 1/√32 and no bias in the way.
    const fall = Math.log(y[5]! / y[0]!) / Math.log(32)
    expect(fall).toBeGreaterThan(-0.68)
    expect(fall).toBeLessThan(-0.32)
    expect(y[0]!, 'at first there is something to fall').toBeGreaterThan(0.02)
  }
  return summary
}

test('points whose mean velocity is known, along two paths', async () => {
  expect(await slopeOn('eight-gaussians', { channels: 2, size: 1, patch: 1 }, [{ method: 'fm' }, { method: 'fm', path: 'cosine' }])).toMatch(/falls as n to the power −?-?\.?0?\.\d+/)
}, 60_000)

test('a finite set of images', async () => {
  await slopeOn('gratings', {})
}, 60_000)

test('a net that is told the class is refused', async () => {
  const session = await create(tinyConfig({ net: { classes: 10 } }))
  expect(() => session.measure('gradients', {})).toThrow('take net.classes = 0')
})
