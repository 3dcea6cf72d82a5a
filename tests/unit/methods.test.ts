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

test('more workgroups than WebGPU allows are refused where the GPU counts them too: every sample may have an anchor', () => {
  const refusal = (batch: number, method: string) => planMemory(parseConfig({
    net: { channels: 3, size: 64, width: 16, blocks: 1, heads: 1 }, data: { dataset: 'shapes', count: 400 }, objective: { layer: 1 }, train: { batch }, replicas: [{ method }],
  }), { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 }).refusal
  expect([refusal(320, 'fm'), refusal(160, 'lcf')]).toEqual([undefined, undefined])
  expect(refusal(320, 'lcf')).toBe('kernel interpolate would need up to 122880 workgroups along one axis; WebGPU allows 65535. A smaller batch, more micro-batches, or a smaller image, width or feature fits')
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
  const held = (path: object, ...methods: string[]) => of(path, methods).map(said => / acts (.*):/.exec(said)![1])
  // β/W is t on the linear path however strong the noise, (2/π) sin πt/2 on the cosine path, t/p on a power path, 1/log(σ_max/σ_min) on VE.
  expect(held({ path: 'scaled', noiseScale: 0.05 }, 'x-prediction')).toEqual(['below t = 0.05'])
  expect(held({ path: 'power', power: 4 }, 'x-prediction')).toEqual(['below t = 0.2'])
  expect(held({ path: 've', sigmaMin: 0.01, sigmaMax: 50 }, 'x-prediction', 'noise-prediction')).toEqual([])
  expect(held({ path: 've', sigmaMin: 0.01, sigmaMax: 50, clamp: 0.2 }, 'x-prediction')).toEqual(['below t = 0.352']) // where β = 0.2, for β′ is above 1
  // α/W is 2β/T′ on VP, at t = 1 2/b₁; where the velocity itself is infinite, at t = 0, the noise is no farther from it.
  expect(held({ path: 'vp' }, 'noise-prediction')).toEqual([])
  expect(held({ path: 'vp', clamp: 0.15 }, 'noise-prediction')).toEqual(['above t = 0.661'])
  expect(of({ path: 'cosine', clamp: 0.1 }, ['x-prediction'])[0]).toMatch(/holds errors of its velocity to 10 times those of its answer, .* acts below t = 0\.0641:/)
  for (const id of ['x-prediction', 'noise-prediction']) expect(methods[id].formula).toMatch(/\\max\(.*, c\)/)
})
