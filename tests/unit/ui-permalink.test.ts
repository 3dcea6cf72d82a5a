import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type Config, ConfigError, type ConfigInput, overridable, overridableFields, parseConfig, type SectionName, sections } from '../../src/config.ts'
import { presets } from '../../src/store/catalog.ts'
import { type PageLink, plainPage } from '../../src/store/pageLink.ts'
import { defaults, fromHash, toHash, toLink } from '../../src/store/permalink.ts'
import { parts } from '../../src/store/teach.ts'
import { fields } from '../../src/ui/controls/fields.ts'

test('the first experiment needs no address, and every experiment has one of its own', () => {
  expect(defaults).toEqual(parseConfig(presets[0].config))
  const links = presets.map(({ config }) => toHash(parseConfig(config)))
  expect(new Set(links).size).toBe(presets.length)
  for (const [i, link] of links.entries()) expect(fromHash(link)).toEqual({ config: parseConfig(presets[i].config), page: plainPage, notices: [] })
  expect(toHash(defaults)).toBe('')
  expect(fromHash('')).toEqual({ config: defaults, page: plainPage, notices: [] })
  expect(toLink(defaults, plainPage)).toBe('')
})

test('a recorded run without settings brings the experiment that it is of, and its view; settings beside it stay', () => {
  for (const { config, study, view = null } of presets) {
    if (!study) continue
    expect(fromHash(`run=${study}`)).toEqual({ config: parseConfig(config), page: { ...plainPage, run: study, view }, notices: [] })
    expect(fromHash(`run=${study}&view=overview&hide=net`)).toMatchObject({ config: parseConfig(config), page: { run: study, view: null, hide: ['net'] } })
  }
  expect(fromHash('run=paths&train.batch=32')).toMatchObject({ config: parseConfig({ ...presets[0].config, train: { batch: 32 } }), page: { run: 'paths' } })
  expect(fromHash('run=paths&net.width=oops').config).toEqual(defaults)
  expect(toLink(defaults, { ...plainPage, run: 'paths' })).toBe('') // or it would lead to other settings than these
})

test('only what differs is written', () => {
  expect(toHash(parseConfig({ ...presets[0].config, net: { width: 64 }, objective: { tMin: 0 }, evaluate: { solver: 'heun' } }))).toBe('net.width=64&objective.tMin=0&evaluate.solver=heun')
})

describe('round trip', () => {
  const inputs: ConfigInput[] = [
    { replicas: [{ method: 'fm' }, { method: 'lcf', tMin: 0.2, seed: 7 }, {}] },
    { objective: { path: 'cosine', b1: 5, loss: 'middle' }, replicas: [{ method: 'fm' }, { method: 'fm', path: 'power-noise', loss: 'noise', label: 'late' }] },
    { replicas: [{ method: 'exfm', candidates: 8, ownCandidate: false }, { method: 'lcf', variant: 'equation14' }, { method: 'contrastive-fm', negatives: 'other-class', nullSkip: true }, { method: 'fm', times: 'sigma-uniform' }, { method: 'fm-logit-normal', timeMean: -0.5 }] },
    { replicas: [{ method: 'fm', label: 'a, b; c: d & e = 50 %' }] },
    { objective: { detach: false, lambda: 1e-7, method: 'fm-contrast' } },
    { data: { dataset: 'own-a data set/ü' }, train: { learningRate: 0.003, seed: 0xffffffff } },
    { net: { patch: 4, size: 16 } },
  ]
  test.each(inputs.map((input) => [JSON.stringify(input), input] as const))('%s', (_, input) => {
    const config = parseConfig(input)
    const hash = toHash(config)
    expect(hash.length).toBeLessThan(2048)
    expect(fromHash(`#${hash}`)).toEqual({ config, page: plainPage, notices: [] })
    expect(fromHash(new URL(`http://localhost/#${hash}`).hash)).toEqual({ config, page: plainPage, notices: [] }) // as a browser hands it back
  })

  /** No control makes −0. */
  const double = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map((value) => value + 0)
  /** Any value that a control can have. */
  const fieldValue = (section: SectionName, field: string): fc.Arbitrary<unknown> => {
    const own = fields[section].find((one) => one.field === field)!
    if (own.kind === 'switch') return fc.boolean()
    if (own.kind === 'choice') return fc.constantFrom(...own.choices.map(({ value }) => value))
    if (own.kind === 'text') return fc.string({ minLength: 1, maxLength: 20 })
    return own.integer ? fc.integer({ min: own.min, max: own.max }) : double(own.min, own.max)
  }
  const section = (name: SectionName) => fc.record(Object.fromEntries(fields[name].map(({ field }) => [field, fieldValue(name, field)])), { requiredKeys: [] })
  const replica = fc.record({
    method: fc.constantFrom('fm', 'lcf', 'fm-truncated', 'fm-contrast'), label: fc.string({ maxLength: 40 }),
    ...Object.fromEntries(overridableFields.map((field) => [field, fieldValue(overridable[field], field)])),
  }, { requiredKeys: [] })
  const valid = fc.record({ net: section('net'), data: section('data'), objective: section('objective'), train: section('train'), evaluate: section('evaluate'), replicas: fc.array(replica, { minLength: 1, maxLength: 16 }) })
    .map(({ net, objective, train, data, evaluate, replicas, ...others }): Config => {
      // Fields that hang together are brought together.
      const { heads = 4, patch = 2, blocks = 4 } = net as { heads?: number; patch?: number; blocks?: number }
      const within = (value: unknown, most: number) => Math.min(Number(value), most)
      const { batch = 64, microBatches = 1 } = train as { batch?: number; microBatches?: number }
      const parts = batch % microBatches === 0 ? microBatches : 1
      const size = Math.min(256, patch * Math.ceil(Number(net.size ?? 12) / patch))
      const labelDrop = Number(net.classes ?? 0) === 0 ? 0 : Number(net.labelDrop ?? 0)
      return parseConfig({
        ...others, data: data.count === undefined ? data : { ...data, count: Math.max(2048, Number(data.count)) }, train: { ...train, microBatches: parts },
        replicas: (replicas as { batch?: number }[]).map((one) => ({ ...one, ...(one.batch !== undefined && { batch: parts * Math.max(1, Math.floor(within(one.batch, batch) / parts)) }) })),
        net: { ...net, width: Math.min(1152 - (1152 % (4 * heads)), 4 * heads * Math.ceil(Number(net.width ?? 48) / (4 * heads))), size, attention: net.attention || size > patch, blocks, labelDrop, selfCondition: within(net.selfCondition ?? 0, blocks - 1) },
        objective: { ...objective, layer: within(objective.layer ?? 1, blocks) },
        evaluate: { ...evaluate, guidance: labelDrop > 0 ? evaluate.guidance : 1, guidanceFrom: within(evaluate.guidanceFrom ?? 0, Number(evaluate.guidanceTo ?? 1)) },
      })
    })
  const names = fc.uniqueArray(fc.constantFrom(...Object.keys(parts), 'train.batch', 'objective.tMin'))
  const page: fc.Arbitrary<PageLink> = fc.record({
    view: fc.constantFrom(null, 'training', 'probe', 'runs'), loss: fc.constantFrom('raw' as const, 'excess' as const), answers: fc.constantFrom(null, 'velocity' as const, 'denoiser' as const), seeds: fc.constantFrom('together' as const, 'single' as const),
    run: fc.constantFrom(null, 'low-noise'), hide: names, lock: names.map((all) => all.filter((name) => !['experiment', 'fork', 'files'].includes(name))),
  })

  test('of any valid settings and any look of the page', () => {
    fc.assert(fc.property(valid, page, (config, look) => {
      const hash = toLink(config, look)
      expect(fromHash(new URL(`http://localhost/#${hash}`).hash)).toEqual({ config, page: look, notices: [] })
    }), { numRuns: 60 })
  })

  test('with every setting of a section changed and six named replicas a link stays below 2 kB', () => {
    const named = Array.from({ length: 6 }, (_, i) => ({ method: 'lcf', label: `LCF, T_min ${i}`, tMin: 0.05 + i / 100, lambda: 0.2, seed: i }))
    for (const name of Object.keys(sections) as SectionName[]) {
      for (const [drawn] of fc.sample(fc.tuple(section(name)), 50)) {
        try {
          expect(toLink(parseConfig({ [name]: drawn, replicas: named }), { ...plainPage, view: 'probe', hide: ['net', 'data', 'evaluate'] }).length).toBeLessThan(2048)
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
        }
      }
    }
  })
})

describe('a hostile address', () => {
  test.each([
    'net.width=NaN', 'net.width=', 'net.width=abc', 'net.width=Infinity', 'nothing=1', 'net.nothing=1', '__proto__.x=1',
    'net.__proto__=1', 'data.dataset=nothing', 'data.dataset=drawn-9', 'objective.method=nothing', 'constructor.name=1', 'objective.variant=nonsense', 'objective.detach=maybe', 'replicas=fm,nothing:1', 'replicas=fm,path:spline', 'replicas=nothing;constructor', 'replicas=exfm,ownCandidate:maybe', 'replicas=%E0%A4%A',
    '%', 'v=2', 'view=nowhere', 'run=nobody', 'hide=lossByT', 'lock=fork', 'loss=all', 'answers=noise', 'seeds=no', 'hide=__proto__,constructor,net.__proto__',
  ])('%s: the default is used, and a sentence says so', (hash) => {
    const { config, page, notices } = fromHash(`#${hash}`)
    expect(parseConfig(config)).toEqual(config)
    expect(page).toEqual(plainPage)
    if (!hash.startsWith('replicas=%')) expect(config).toEqual(defaults)
    if (hash !== '%' && !hash.startsWith('replicas=%')) expect(notices.length).toBeGreaterThan(0)
    else expect(notices.length).toBeGreaterThanOrEqual(0)
  })

  test.each([
    ['net.width=abc', 'The link asks for net.width = abc: must be a whole number from 8 to 1,152, not “abc”. The default is used.'],
    ['evaluate.solver=newton', 'The link asks for evaluate.solver = newton: must be one of euler, midpoint, heun, rk4, dopri5, sde, not “newton”. The default is used.'],
    ['replicas=fm;nothing', 'The link describes a replica as “nothing”: method must be one of fm, lcf, fm-truncated, fm-contrast, dispersive, contrastive-fm, fm-logit-normal, x-prediction, noise-prediction, exfm, self-conditioned, not “nothing”. It is left out.'],
    ['data.dataset=drawn-0AA', 'The link asks for data.dataset = drawn-0AA: a drawing of one point has nothing to learn; draw a line, or two points or more in different places. The default is used.'],
    ['replicas=fm,nothing:1', 'The link describes a replica as “fm,nothing:1”: “nothing” is not known here. It is left out.'],
    ['replicas=fm,path:spline', 'The link describes a replica as “fm,path:spline”: path must be one of linear, cosine, power, power-noise, vp, lipman, scaled, linear-vp, ve, not “spline”. It is left out.'],
  ])('%s: %s', (hash, sentence) => {
    expect(fromHash(hash).notices).toEqual([sentence])
  })

  test('values that contradict each other fall back to a run that works', () => {
    const { config, notices } = fromHash('net.width=50&net.heads=4')
    expect(config).toEqual(defaults)
    expect(notices.join()).toContain('divisible')
  })

  test('links of before said “denoiser” among the views of the loss', () => {
    expect(fromHash('#loss=denoiser')).toMatchObject({ page: { loss: 'raw', answers: 'denoiser' }, notices: [] })
  })

  test('good keys survive bad ones', () => {
    expect(fromHash('net.width=oops&train.batch=32').config.train.batch).toBe(32)
  })

  test('a flood of replicas is cut', () => {
    expect(fromHash(`replicas=${Array(1000).fill('fm').join(';')}`).config.replicas.length).toBe(16)
  })

  test.each([
    ['train.batch=1e9', 'train', 'batch', 2048], ['train.batch=-4', 'train', 'batch', 1], ['objective.tMin=5', 'objective', 'tMin', 0.9], ['objective.tMin=1e99', 'objective', 'tMin', 0.9], ['train.steps=10.4', 'train', 'steps', 10], ['objective.tau=0', 'objective', 'tau', 0.01],
  ] as const)('%s: the nearest value is used, and a sentence says which', (hash, section, field, near) => {
    const { config, notices } = fromHash(hash)
    expect((config[section] as Record<string, unknown>)[field]).toBe(near)
    expect(notices).toEqual([expect.stringContaining(`${near} is used`)])
  })

  test('a replica out of bounds is brought within them', () => {
    const { config, notices } = fromHash('replicas=fm,tMin:5;lcf,seed:-3')
    expect(config.replicas).toEqual([{ method: 'fm', tMin: 0.9 }, { method: 'lcf', seed: 0 }])
    expect(notices.length).toBe(2)
  })

  test('read-outs cannot be hidden, nor what is no setting be fixed', () => {
    expect(fromHash('hide=lossByT,net&lock=files,train.batch').page).toMatchObject({ hide: ['net'], lock: ['train.batch'] })
  })

  test('nothing that can be written makes it stumble: settings that can be run come out, with a page that there is', () => {
    const keys = [...(Object.keys(sections) as SectionName[]).flatMap((name) => Object.keys(sections[name].shape as Record<string, z.ZodType>).map((field) => `${name}.${field}`)), 'replicas', 'measures', 'view', 'run', 'hide', 'lock', 'v', 'lesson', 'loss']
    const hostile = fc.oneof(fc.string({ maxLength: 60 }), fc.double().map(String), fc.constantFrom('NaN', '-0', '1e308', '9'.repeat(400), '%00', '<img onerror=x>', 'fm;'.repeat(40), 'probe:;;,:,', '__proto__:1'))
    fc.assert(fc.property(fc.array(fc.tuple(fc.oneof(fc.constantFrom(...keys), fc.string({ maxLength: 20 })), hostile), { maxLength: 12 }), (pairs) => {
      const hash = pairs.map(([key, value]) => `${key}=${value}`).join('&')
      const { config, page, notices } = fromHash(hash)
      expect(parseConfig(config)).toEqual(config)
      expect(fromHash(toLink(config, page))).toMatchObject({ config, page, notices: [] })
      for (const notice of notices) expect(notice.length).toBeLessThan(700)
    }), { numRuns: 200 })
  })

  test('a flood of letters is cut', () => {
    const { config, notices } = fromHash(`data.dataset=${'x'.repeat(100_000)}`)
    expect(config).toEqual(defaults)
    expect(notices.join().length).toBeLessThan(1000)
  })
})
