import { expect, test } from 'vitest'
import { objectiveSchema, parseConfig } from '../../src/config.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { planMemory } from '../../src/lab/plan.ts'
import { methods } from '../../src/methods/index.ts'
import { packKnobs } from '../../src/model/knobs.ts'
import { clampsSaid } from '../../src/model/replica.ts'

const all = Object.values(methods)

test('no two methods look alike, none shares a place in lists, and all can be trained with the defaults, one of them on a net with a bottleneck', () => {
  expect(new Set(all.map(({ look }) => `${look.colour} ${look.marker}`)).size).toBe(all.length)
  expect(new Set(all.map(({ order }) => order)).size).toBe(all.length)
  expect(all.map(({ order }) => order)).toEqual(all.map(({ order }) => order).toSorted((a, b) => a - b))
  const replicas = all.map(({ id }) => ({ method: id }))
  checkConfig(parseConfig({ net: { selfCondition: 2 }, replicas }))
  checkConfig(parseConfig({ replicas: replicas.filter(({ method }) => method !== 'self-conditioned') }))
  expect(() => checkConfig(parseConfig({ replicas }))).toThrow('take net.selfCondition above 0, such as half the blocks')
  expect(() => parseConfig({ net: { blocks: 3, selfCondition: 3 } })).toThrow('net.selfCondition: nothing is left to condition after block 3 of 3; take a block before the last, or 0')
})

test('what cannot be trained is told with the plan, before anybody presses Run', () => {
  const refusal = (objective: object, method = 'contrastive-fm') => planMemory(parseConfig({ net: { width: 16 }, objective, replicas: [{ method }] }), { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 }).refusal
  expect(refusal({ lambda: 0.99 })).toBeUndefined()
  expect(refusal({ lambda: 0.995 })).toBe('replicas.0: Contrastive FM (ΔFM): λ = 0.995 is too near 1, towards which the loss’s minimum runs away as 1/(1 − λ); take at most 0.99')
  expect(refusal({ lambda: 2 })).toBe('replicas.0: Contrastive FM (ΔFM): λ = 2 leaves the loss without a minimum; take at most 0.99')
  expect(refusal({ negatives: 'other-class' })).toMatch(/need a network that is told classes/)
  expect(refusal({ stratified: true, times: 'jit' }, 'fm')).toMatch(/^objective\.stratified: strata are for uniform noise levels/)
})

test('every control that a method listens to is one of the objective', () => {
  for (const { id, uses } of all) for (const field of uses) expect(Object.keys(objectiveSchema.shape), id).toContain(field)
})

test('what differs from flow matching is in the knobs, or in what learns', () => {
  const config = parseConfig({ objective: { tMin: 0.1, lambda: 0.5 }, replicas: all.map(({ id }) => ({ method: id })) })
  const packed = config.replicas.map((replica, i) => [...packKnobs(config, replica), all[i].knobs(config.objective).selfConditions].join())
  expect(new Set(packed).size).toBe(all.length)
})

test('where a least denominator acts is said, by the path, and nothing where it never does', () => {
  const of = (objective: object, methods = ['fm', 'x-prediction', 'noise-prediction']) => clampsSaid(parseConfig({ objective, replicas: methods.flatMap(method => [{ method }, { method, seed: 1 }]) }))
  const there = 'there it is trained towards a velocity shorter than the true one.'
  expect(of({})).toEqual([`x-prediction (JiT) divides by 0.05 at least, in its target too, which acts below t = 0.05: ${there}`, `ε-prediction divides by 0.05 at least, in its target too, which acts above t = 0.95: ${there}`])
  expect(of({ path: 'cosine', clamp: 0.1 }, ['x-prediction'])[0]).toContain(`below t = ${((2 / Math.PI) * Math.asin(0.1)).toPrecision(3)}`)
  expect(of({ path: 've', clamp: 0.005 }), 'β = .01 at least, α = 1').toEqual([])
  for (const id of ['x-prediction', 'noise-prediction']) expect(methods[id].formula).toMatch(/\\max\(.*, c\)/)
})
