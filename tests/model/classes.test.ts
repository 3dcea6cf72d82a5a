/** What the label does, measured of nets that are told one, of nets that are not, and of samples that are guided. */
import { expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config.ts'
import { datasets } from '../../src/datasets/index.ts'
import type { Bench } from '../../src/diagnostics/diagnostic.ts'
import { drawMany } from '../../src/diagnostics/drawn.ts'
import { withBench } from '../support/bench.ts'
import { differingBits } from '../support/compare.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const asked = { t: '0.1 0.5 0.9', images: 32, samples: 4 }

async function measured(input: { net?: ConfigInput['net']; evaluate?: ConfigInput['evaluate'] }) {
  const session = await create(tinyConfig({ ...input, data: { dataset: 'mixture', count: 256 }, train: { learningRate: 0.01 }, replicas: [{ method: 'fm' }, { method: 'contrastive-fm', lambda: 0.5 }] }))
  await session.advance(30)
  return (await session.measure('classes', asked)).panels
}

const K = datasets.mixture.classes.length

test('a net that is told labels and not: three panels, by replica; untold only what it reads from the image', async () => {
  const [separation, label, means] = await measured({ net: { classes: K, labelDrop: 0.2 } })
  expect([separation, label, means].map(({ id }) => id)).toEqual(['separation', 'label', 'means'])
  expect(separation.curves.map(({ replica, kind }) => [replica, kind])).toEqual([[0, 'measured'], [1, 'measured'], [null, 'baseline']])
  for (const { y } of label.curves) for (const value of y) expect(value).toBeGreaterThan(0)
  expect(means.curves[0].x).toEqual(Array.from({ length: K }, (_, c) => c + 1))
  expect(means.spread).toBe('± standard error over 4 samples of a class, and as many held-out images')
  expect(means.pictures).toHaveLength(3)
  expect((await measured({})).map(({ id }) => id)).toEqual(['separation'])
})

test('guidance is in the samples, and said', async () => {
  const net = { classes: K, labelDrop: 0.2 }
  const [plain, guided] = [await measured({ net }), await measured({ net, evaluate: { guidance: 4 } })]
  expect(guided[1].curves).toEqual(plain[1].curves)
  expect(guided[2].curves[0].y).not.toEqual(plain[2].curves[0].y)
  expect(guided[2].curves.at(-1)).toEqual(plain[2].curves.at(-1)) // held-out images are not
  expect(guided[2].notes.join(' ')).toContain('guidance 4')
})

test('several strengths of guidance are drawn in the memory of one', () => withBench(tinyConfig({ net: { classes: K, labelDrop: 0.2 }, data: { dataset: 'mixture', count: 256, heldOut: 256 }, replicas: [{ method: 'fm' }] }), async bench => {
  let tables = 0
  const lay: Bench['lay'] = (...recorders) => {
    tables++
    return bench.lay(...recorders)
  }
  const draw = (guidance: number, at: Bench) => drawMany(at, K, async () => {}, { ...at.config, evaluate: { ...at.config.evaluate, guidance } })
  const counted = { ...bench, lay }
  for (const guidance of [0, 2]) {
    const [[found], [alone]] = [await draw(guidance, counted), await draw(guidance, { ...bench })]
    expect(differingBits(found, alone)).toBe(0)
  }
  expect(tables).toBe(1)
}, { steps: 10 }))

test('guidance of several strengths: samples of each, whatever the run’s own; refused to nets that know no velocity without labels', async () => {
  const swept = async (evaluate: ConfigInput['evaluate'], labelDrop = 0.2) => {
    const session = await create(tinyConfig({ net: { classes: K, labelDrop }, evaluate, data: { dataset: 'mixture', count: 4096, heldOut: 1024 }, train: { learningRate: 0.01 }, replicas: [{ method: 'fm' }] }))
    await session.advance(30)
    const { panels } = await session.measure('guided', { w: '0 1 4', samples: 8 })
    return { panels, quality: (await session.measure('quality', { count: 8 * K, components: 16 })).panels }
  }
  const { panels: [place, variety, distance], quality } = await swept({})
  for (const { curves: [own, images] } of [place, variety]) {
    expect(own.x).toEqual([0, 1, 4])
    expect(new Set(own.y).size).toBe(3)
    expect(own.y.every(value => Number.isFinite(value))).toBe(true)
    expect(images.y[0]).toBeCloseTo(1, 1)
  }
  expect(variety.curves[0].y[0]).toBeGreaterThan(0)
  // At w = 1 they are the samples that quality looks at, in the same features.
  const [unguided, real] = quality.find(({ id }) => id === 'distance-pixels')!.curves
  expect([distance.curves[0].y[1], distance.curves[1].y[0]]).toEqual([unguided.y[0], real.y[0]])
  expect(new Set(distance.curves[0].y).size).toBe(3)
  const guided = await swept({ guidance: 4 })
  expect(guided.panels.map(({ curves }) => curves)).toEqual([place.curves, variety.curves, distance.curves])
  await expect(swept({}, 0)).rejects.toThrow(/trained with and without labels/)
  // Stripes of any phase: the mean of every class is that of all images, and no way leads to it.
  const stripes = await create(tinyConfig({ net: { classes: 10, labelDrop: 0.2 }, data: { dataset: 'gratings', count: 4096, heldOut: 1024 }, replicas: [{ method: 'fm' }] }))
  const { panels: [first, ...others] } = await stripes.measure('guided', { w: '1 2', samples: 8 })
  expect([first.id, ...others.map(({ id }) => id)]).toEqual(['variety', 'distance'])
  expect(first.notes.join(' ')).toContain('no way to it')
})
