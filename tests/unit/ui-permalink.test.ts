import { describe, expect, test } from 'vitest'
import { type Config, type ConfigInput, parseConfig } from '../../src/config.ts'
import { presets } from '../../src/store/catalog.ts'
import { defaults, fromHash, toHash } from '../../src/store/permalink.ts'

test('the first experiment needs no address, and every experiment has one of its own', () => {
  expect(defaults).toEqual(parseConfig(presets[0].config))
  const links = presets.map(({ config }) => toHash(parseConfig(config)))
  expect(new Set(links).size).toBe(presets.length)
  for (const [i, link] of links.entries()) expect(fromHash(link)).toEqual({ config: parseConfig(presets[i].config), notices: [] })
  expect(toHash(defaults)).toBe('')
  expect(fromHash('')).toEqual({ config: defaults, notices: [] })
})

test('only what differs is written', () => {
  expect(toHash(parseConfig({ ...presets[0].config, net: { width: 64 }, objective: { tMin: 0 }, evaluate: { solver: 'heun' } }))).toBe('net.width=64&objective.tMin=0&evaluate.solver=heun')
})

describe('round trip', () => {
  const inputs: ConfigInput[] = [
    { replicas: [{ method: 'fm' }, { method: 'lcf', tMin: 0.2, seed: 7 }, {}] },
    { replicas: [{ method: 'fm', label: 'a, b; c: d & e = 50 %' }] },
    { objective: { detach: false, lambda: 1e-7, method: 'fm-contrast' } },
    { data: { dataset: 'a data set/ü' }, train: { learningRate: 0.003, seed: 0xffffffff } },
    { net: { patch: 4, size: 16 } },
  ]
  test.each(inputs.map((input) => [JSON.stringify(input), input] as const))('%s', (_, input) => {
    const config = parseConfig(input)
    const hash = toHash(config)
    expect(hash.length).toBeLessThan(2048)
    expect(fromHash(`#${hash}`)).toEqual({ config, notices: [] })
    expect(fromHash(new URL(`http://localhost/#${hash}`).hash)).toEqual({ config, notices: [] }) // as a browser hands it back
  })

  test('of many configs', () => {
    let state = 1
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647
    for (let i = 0; i < 200; i++) {
      const config: Config = parseConfig({
        net: { width: 16 * (1 + Math.floor(random() * 8)), blocks: 4 + Math.floor(random() * 4) },
        objective: { tMin: random() * 0.9, lambda: 10 ** (-4 * random()), tau: 0.01 + random(), normalise: random() < 0.5, variant: random() < 0.5 ? 'infonce' : 'equation14' },
        train: { batch: 1 + Math.floor(random() * 500), learningRate: random() ** 8, seed: Math.floor(random() * 2 ** 32) },
        replicas: Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({ method: random() < 0.5 ? 'fm' : 'lcf', ...(random() < 0.5 ? { lambda: random() } : {}) })),
      })
      expect(fromHash(toHash(config)).config).toEqual(config)
    }
  })
})

describe('a hostile address', () => {
  test.each([
    'net.width=NaN', 'net.width=1e9', 'net.width=-4', 'net.width=', 'net.width=abc', 'net.width=Infinity', 'nothing=1', 'net.nothing=1', '__proto__.x=1',
    'net.__proto__=1', 'constructor.name=1', 'objective.variant=nonsense', 'objective.detach=maybe', 'replicas=fm,tMin:5', 'replicas=fm,nothing:1', 'replicas=%E0%A4%A',
    'train.steps=0.5', '%',
  ])('%s: the default is used, and a sentence says so', (hash) => {
    const { config, notices } = fromHash(`#${hash}`)
    expect(parseConfig(config)).toEqual(config)
    if (!hash.startsWith('replicas=%')) expect(config).toEqual(defaults)
    if (hash !== '%' && !hash.startsWith('replicas=%')) expect(notices.length).toBeGreaterThan(0)
    else expect(notices.length).toBeGreaterThanOrEqual(0)
  })

  test('values that contradict each other fall back to a run that works', () => {
    const { config, notices } = fromHash('net.width=50&net.heads=4')
    expect(config).toEqual(defaults)
    expect(notices.join()).toContain('divisible')
  })

  test('good keys survive bad ones', () => {
    expect(fromHash('net.width=oops&train.batch=32').config.train.batch).toBe(32)
  })

  test('a flood of replicas is cut', () => {
    expect(fromHash(`replicas=${Array(1000).fill('fm').join(';')}`).config.replicas.length).toBe(16)
  })
})
