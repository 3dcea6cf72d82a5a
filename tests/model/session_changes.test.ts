/** What changes a run while it stands: live knobs, forks, refusals, and the memory a run announces. */
import { describe, expect, test } from 'vitest'
import { type Config, ConfigError, parseConfig } from '../../src/config.ts'
import { planMemory } from '../../src/lab/plan.ts'
import { presetTiles } from '../../src/lab/tune.ts'
import type { KnobPatch } from '../../src/protocol.ts'
import { differingBits } from '../support/compare.ts'
import { countCalls } from '../support/count_calls.ts'
import { requestTestDevice } from '../support/gpu.ts'
import { expectSameBits, sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

const GUARANTEED = { maxBufferSize: 256 * 2 ** 20, maxStorageBufferBindingSize: 128 * 2 ** 20 }

describe('a patch', () => {
  test('acts on the next step as if the value had always been due there, and is told as an event', async () => {
    const session = await create()
    await session.advance(6)
    session.patch({ replica: 'all', section: 'train', field: 'learningRate', value: 0.01 })
    session.patch({ replica: 1, section: 'objective', field: 'tMin', value: 0.5 })
    const { events, replicas, config } = session.tick()
    expect(events).toEqual([{ step: 6, label: 'learningRate → 0.01' }, { step: 6, label: 'tMin → 0.5 (LCF)' }])
    expect(replicas.map(({ knobs }) => [knobs.learningRate, knobs.tMin])).toEqual([[0.01, 0], [0.01, 0.5]])
    expect(config).toMatchObject({ train: { learningRate: 0.01 }, objective: { tMin: 0.25 }, replicas: [{ method: 'fm' }, { method: 'lcf', tMin: 0.5 }] })
    const before = await create(tinyConfig(), { data: session.data })
    await before.advance(6)
    const after = await create(config, { data: session.data, checkpoint: { ...await before.checkpoint(), config } })
    await session.advance(4)
    await after.advance(4)
    expectSameBits(await session.checkpoint(), await after.checkpoint())
    await before.advance(4)
    expect(differingBits((await before.checkpoint()).replicas[0].parameters, (await session.checkpoint()).replicas[0].parameters)).toBeGreaterThan(0)
  })

  test('of one replica’s negatives, candidates or noise levels is that replica’s alone', async () => {
    const config = tinyConfig({ replicas: [{ method: 'exfm' }, { method: 'exfm' }, { method: 'contrastive-fm' }, { method: 'fm' }] })
    const [session, untouched] = [await create(config), await create(config)]
    for (const one of [session, untouched]) await one.advance(3)
    session.patch({ replica: 1, section: 'objective', field: 'candidates', value: 4 })
    session.patch({ replica: 1, section: 'objective', field: 'ownCandidate', value: false })
    session.patch({ replica: 2, section: 'objective', field: 'negatives', value: 'permutation' })
    session.patch({ replica: 3, section: 'objective', field: 'times', value: 'low-noise' })
    expect(session.currentConfig.replicas).toEqual([{ method: 'exfm' }, { method: 'exfm', candidates: 4, ownCandidate: false }, { method: 'contrastive-fm', negatives: 'permutation' }, { method: 'fm', times: 'low-noise' }])
    for (const one of [session, untouched]) await one.advance(2)
    const [turned, { replicas }] = [await session.checkpoint(), await untouched.checkpoint()]
    expect(turned.replicas.map(({ parameters }, r) => differingBits(parameters, replicas[r].parameters) > parameters.length / 2)).toEqual([false, true, true, true])
    expect(differingBits(turned.replicas[0].parameters, replicas[0].parameters)).toBe(0)
  })

  test('of all replicas takes back what single ones had of their own', async () => {
    const session = await create(tinyConfig({ replicas: [{ method: 'lcf', tMin: 0.1 }, { method: 'lcf', tMin: 0.2, tau: 3 }] }))
    session.patch({ replica: 'all', section: 'objective', field: 'tMin', value: 0.4 })
    expect(session.tick().replicas.map(({ knobs }) => [knobs.tMin, knobs.tau])).toEqual([[0.4, 0.5], [0.4, 3]])
  })

  test.each<[string, KnobPatch, RegExp]>([
    ['a learning rate out of bounds', { replica: 'all', section: 'train', field: 'learningRate', value: 2 }, /learningRate/],
    ['not a number', { replica: 'all', section: 'objective', field: 'tau', value: Number.NaN }, /tau/],
    ['text for a number', { replica: 0, section: 'objective', field: 'tMin', value: 'low' }, /tMin/],
    ['T_min above its bound', { replica: 1, section: 'objective', field: 'tMin', value: 0.95 }, /tMin/],
    ['a field that needs a restart', { replica: 'all', section: 'net', field: 'width', value: 32 }, /net\.width needs a restart/],
    ['a field that is not there', { replica: 'all', section: 'train', field: 'speed', value: 1 }, /train\.speed/],
    ['a replica that is not there', { replica: 7, section: 'objective', field: 'tMin', value: 0.1 }, /replica 7/],
    ['a knob that replicas share', { replica: 0, section: 'train', field: 'clip', value: 1 }, /clip cannot be set for replica 0 alone/],
  ])('with %s is refused and changes nothing', async (_, patch, message) => {
    const session = await create()
    await session.advance(3)
    const before = session.tick()
    const { counts } = await countCalls(() => expect(() => session.patch(patch)).toThrow(message))
    expect(() => session.patch(patch)).toThrow(ConfigError)
    expect(counts.writeBuffer).toBe(0)
    expect({ ...session.tick(), sequence: 0 }).toEqual({ ...before, sequence: 0 })
  })

  test('a cosine of the learning rate reaches the end of an extended run, and a stored run goes on with the same bits', async () => {
    const config = tinyConfig({ train: { steps: 8, schedule: 'cosine', warmup: 2 } })
    const session = await create(config)
    await session.advance(8)
    session.extend(8)
    const stored = await session.checkpoint()
    await session.advance(8)
    const rates = session.tick().replicas[0].last.learningRate
    expect(rates).toBeGreaterThan(0)
    const again = await create(stored.config, { data: session.data, checkpoint: stored })
    expect(again.steps).toBe(16)
    await again.advance(8)
    expectSameBits(await session.checkpoint(), await again.checkpoint())
  })
})

describe('a fork', () => {
  test('goes on at the same step with the same bits, the history and a new set of replicas', async () => {
    const session = await create(tinyConfig({ evaluate: { every: 5 } }))
    await session.advance(10)
    const { replicas: [, lcf] } = await session.checkpoint()
    const fork = await session.forked(1, [{ method: 'lcf' }, { method: 'fm' }, { method: 'lcf', lambda: 1 }])
    const forked = await create(fork.config, { checkpoint: fork, data: session.data })
    const tick = forked.tick()
    expect(tick).toMatchObject({ state: 'paused', step: 10, steps: 30, events: [{ step: 10, label: 'forked from LCF' }] })
    expect(tick.replicas.map(({ method, seed }) => [method, seed])).toEqual([['lcf', 0], ['fm', 0], ['lcf', 0]])
    for (const { flow } of tick.replicas) expect(flow).toEqual(session.tick().replicas[1].flow)
    const parent = session.tick()
    tick.bands.forEach((band, i) => {
      expect(band.step).toEqual([5, 10])
      for (const values of band.value) expect(values).toEqual(parent.bands[i].value[1])
    })
    const states = await forked.checkpoint()
    expectSameBits(states, { ...states, step: 10, replicas: [lcf, lcf, lcf] })

    await session.advance(5)
    await forked.advance(5)
    const [after, forkedAfter] = [await session.checkpoint(), await forked.checkpoint()]
    expectSameBits({ ...forkedAfter, replicas: [forkedAfter.replicas[0]] }, { ...after, replicas: [after.replicas[1]] })
    for (const r of [1, 2]) expect(differingBits(forkedAfter.replicas[r].parameters, after.replicas[1].parameters)).toBeGreaterThan(0)
    expect(forked.tick().replicas[0].flow.step).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
  })

  test('of a replica that is not there, or into none, is refused and leaves the run as it was', async () => {
    const session = await create()
    await session.advance(2)
    await expect(session.forked(2, [{ method: 'fm' }])).rejects.toThrow(ConfigError)
    await expect(session.forked(0, [])).rejects.toThrow(ConfigError)
    await session.advance(1)
    expect(session.step).toBe(3)
  })
})

describe('memory', () => {
  test.each([['fm'], ['lcf', 'fm', 'lcf']])('the plan is what buffers really take: %s %s %s', async (...methods: (string | undefined)[]) => {
    const config = tinyConfig({ net: { classes: 10 }, evaluate: { solver: 'heun' }, replicas: methods.filter(method => method !== undefined).map(method => ({ method })) })
    const device = await requestTestDevice()
    const { result: session, counts } = await countCalls(() => create(config))
    const plan = planMemory(config, device.limits, presetTiles(device))
    expect(plan.refusal).toBeUndefined()
    expect(plan.total).toBe(counts.bytes)
    expect(plan.parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(plan.total)
    expect(session.tick().cost.bytes).toBe(plan.total)
    const { counts: end } = await countCalls(() => session.destroy())
    expect(end.destroy).toBe(counts.createBuffer)
  })

  test.each<[string, Partial<Record<keyof Config, object>>, RegExp]>([
    ['a net too wide', { net: { size: 32, patch: 1, width: 768, blocks: 12 }, train: { batch: 512 } }, /MiB|workgroups/],
    ['a data set too large', { net: { size: 32 }, data: { count: 262144 } }, /“training images” needs 1024 MiB in one buffer and this GPU allows \d+ MiB/],
  ])('%s is refused with numbers, and nothing is left behind', async (_, sections, message) => {
    const device = await requestTestDevice()
    const config = parseConfig(sections)
    expect(planMemory(config, GUARANTEED).refusal).toMatch(message)
    const { limits } = device
    Object.defineProperty(device, 'limits', { value: GUARANTEED, configurable: true })
    try {
      const { counts } = await countCalls(() => expect(create(config)).rejects.toThrow(message))
      expect(counts).toMatchObject({ createBuffer: 0, createShaderModule: 0, submit: 0 })
    } finally {
      Object.defineProperty(device, 'limits', { value: limits, configurable: true })
    }
  })

  test('a plan of the impossible is quick: no tables are made for it', () => {
    const start = performance.now()
    const plan = planMemory(parseConfig({ net: { size: 64, patch: 1, width: 1152, blocks: 28, channels: 3 }, data: { dataset: 'shapes', heldOut: 4096 }, evaluate: { perLevel: 4096 } }), GUARANTEED)
    expect(plan.refusal).toMatch(/would need 147475 workgroups/)
    expect(performance.now() - start).toBeLessThan(500)
  })
})

test('a run that cannot be is refused in one sentence before anything is made', async () => {
  for (const [sections, message] of [
    [{ data: { dataset: 'nothing' } }, /there is no data set "nothing"; there are/],
    [{ net: { channels: 3 } }, /has 1 channels, not 3/],
    [{ net: { size: 10, patch: 2 } }, /can be drawn at .* pixels, not 10/],
    [{ net: { classes: 3 } }, /has 10 classes/],
    [{ train: { batch: 1 } }, /needs at least 2/],
    [{ data: { heldOut: 32 } }, /more than the 32 held-out images/],
  ] as const) {
    const { counts } = await countCalls(() => expect(create(parseConfig(sections))).rejects.toThrow(message))
    expect(counts.createBuffer).toBe(0)
  }
})
