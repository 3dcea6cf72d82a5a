/** Replicas in one recording: same seed, same bits; knobs of their own; the step path that replays and creates nothing. */
import { describe, expect, test } from 'vitest'
import type { Config, ReplicaConfig } from '../../src/config.ts'
import { generateData } from '../../src/lab/data.ts'
import { type ReplicaState, Trainer } from '../../src/lab/trainer.ts'
import { KernelLibrary } from '../../src/engine/kernel.ts'
import { countCalls } from '../support/count_calls.ts'
import { differingBits } from '../support/compare.ts'
import { testLibrary, withTraining } from '../support/given_training.ts'
import { requestTestDevice } from '../support/gpu.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const NUMBERS = ['parameters', 'first', 'second', 'ema'] as const

function expectSameBits(a: ReplicaState, b: ReplicaState): void {
  for (const name of NUMBERS) expect(differingBits(a[name], b[name]), name).toBe(0)
  expect(a.state).toEqual(b.state)
}

async function statesAfter(config: Config, steps: number): Promise<ReplicaState[]> {
  return withTrainer(config, async trainer => {
    trainer.submitSteps(steps, false)
    return trainer.replicaStates()
  })
}

describe('the same bits', () => {
  const replicas = [{ method: 'lcf', seed: 3 }, { method: 'lcf', seed: 3 }, { method: 'lcf', seed: 4 }, { method: 'fm', seed: 3 }]

  test('come from the same seed and method: in one run, in the next run, alone, and step by step', async () => {
    const config = tinyConfig({ replicas })
    const first = await statesAfter(config, 12)
    expectSameBits(first[0], first[1])
    for (const r of [2, 3]) expect(differingBits(first[0].parameters, first[r].parameters)).toBeGreaterThan(first[0].parameters.length / 2)
    const again = await statesAfter(config, 12)
    for (let r = 0; r < replicas.length; r++) expectSameBits(first[r], again[r])
    const [alone] = await statesAfter({ ...config, replicas: [replicas[2]] }, 12)
    expectSameBits(alone, first[2])
    await withTrainer(config, async trainer => {
      for (let i = 0; i < 12; i++) trainer.submitSteps(1, i % 2 === 0)
      const pieces = await trainer.replicaStates()
      for (let r = 0; r < replicas.length; r++) expectSameBits(first[r], pieces[r])
    })
  })

  test('come from knobs of a replica’s own, beside others and alone as the run’s', async () => {
    const replicas: ReplicaConfig[] = [
      { method: 'exfm', candidates: 1 }, { method: 'exfm', candidates: 8 }, { method: 'exfm', candidates: 8, ownCandidate: false }, { method: 'contrastive-fm', negatives: 'any' }, { method: 'contrastive-fm', negatives: 'permutation' },
      { method: 'fm' }, { method: 'fm', times: 'sigma-uniform' }, { method: 'fm-logit-normal', timeMean: -0.5 }, { method: 'fm-logit-normal', timeMean: 0.5, timeScale: 2 }, { method: 'x-prediction' }, { method: 'x-prediction', clamp: 0.4 },
      { method: 'lcf', tMin: 0.5 }, { method: 'lcf', tMin: 0.5, variant: 'equation14' }, { method: 'lcf', tMin: 0.5, variant: 'infonce' },
    ]
    const beside = await statesAfter(tinyConfig({ replicas }), 6)
    for (const [r, { method, ...objective }] of replicas.entries()) {
      const [alone] = await statesAfter(tinyConfig({ objective, replicas: [{ method }] }), 6)
      expectSameBits(alone, beside[r])
    }
    expectSameBits(beside[0], beside[5]) // by its own image alone ExFM is FM
    for (let r = 1; r < replicas.length; r++) if (r !== 5) expect(differingBits(beside[r].parameters, beside[r - 1].parameters), `${r}`).toBeGreaterThan(beside[r].parameters.length / 2)
  })

  test('come from labels left out of pushes by one replica alone', async () => {
    const labelled = { net: { classes: 10, labelDrop: 0.5 } }
    const replicas: ReplicaConfig[] = [{ method: 'contrastive-fm', negatives: 'other-class', nullSkip: true }, { method: 'contrastive-fm', negatives: 'other-class' }, { method: 'contrastive-fm' }]
    const beside = await statesAfter(tinyConfig({ ...labelled, replicas }), 6)
    for (const [r, { method, ...objective }] of replicas.entries()) {
      const [alone] = await statesAfter(tinyConfig({ ...labelled, objective, replicas: [{ method }] }), 6)
      expectSameBits(alone, beside[r])
      expect(differingBits(beside[r].parameters, beside[(r + 1) % 3].parameters)).toBeGreaterThan(beside[r].parameters.length / 2)
    }
  })

  test('come from going on where another run stopped', async () => {
    const config = tinyConfig()
    const whole = await statesAfter(config, 9)
    const half = await statesAfter(config, 4)
    await withTrainer(config, async trainer => {
      trainer.submitSteps(5, false)
      const states = await trainer.replicaStates()
      states.forEach((state, r) => expectSameBits(state, whole[r]))
    }, { start: half })
  })
})

test('one seed draws the same triplets of image, noise level and noise whatever the method', async () => {
  const B = 16
  const config = tinyConfig({ train: { batch: B }, replicas: [{ method: 'fm', seed: 3 }, { method: 'lcf', seed: 3, tMin: 0.5 }, { method: 'lcf', seed: 4 }] })
  await withTraining(config, { given: false, images: 64 }, async training => {
    for (let i = 0; i < 3; i++) training.run()
    const { batch: { t: levels, row: rows, eps: noise, capacity, dimensions: d } } = training.training
    const [t, row, eps] = [await training.read(levels), await training.readWords(rows), await training.read(noise)]
    const [fm, lcf, other] = [0, 1, 2].map(r => Array.from({ length: B }, (_, i) => {
      const place = r * capacity + i
      return [row[place], t[place], ...eps.subarray(place * d, (place + 1) * d)].join()
    }))
    expect(new Set(fm).size).toBe(B)
    expect(lcf).not.toEqual(fm) // low-noise ones first
    expect([...lcf].sort()).toEqual([...fm].sort())
    expect(other.filter(triplet => fm.includes(triplet))).toEqual([])
    const { low } = await training.state(1)
    expect(low).toBeGreaterThan(0)
    for (let i = 0; i < low; i++) {
      const [sample, anchor] = [capacity + i, capacity + B + i]
      expect([t[anchor], row[anchor]]).toEqual([0.5, row[sample]])
      expect(eps.slice(anchor * d, (anchor + 1) * d)).toEqual(eps.slice(sample * d, (sample + 1) * d))
    }
  })
})

test('a knob turned between two steps acts on the next, builds nothing, and equals a run that had the value from there on', async () => {
  const config = tinyConfig()
  const turned: Config = { ...config, objective: { ...config.objective, tMin: 0.5, lambda: 0.7, tau: 0.2 }, train: { ...config.train, learningRate: 0.02, clip: 0.1, emaDecay: 0.5 } }
  const before = await statesAfter(config, 5)
  const there = await withTrainer(turned, async trainer => {
    trainer.submitSteps(4, false)
    return trainer.replicaStates()
  }, { start: before })
  const untouched = await statesAfter(config, 9)
  await withTrainer(config, async trainer => {
    trainer.submitSteps(5, false)
    const { counts } = await countCalls(() => {
      trainer.turn(turned)
      trainer.submitSteps(4, false)
    })
    expect(counts).toMatchObject({ createBuffer: 0, createBindGroup: 0, createShaderModule: 0, createComputePipelineAsync: 0, writeBuffer: 2 })
    const states = await trainer.replicaStates()
    states.forEach((state, r) => {
      expectSameBits(state, there[r])
      expect(differingBits(state.parameters, untouched[r].parameters)).toBeGreaterThan(0)
    })
  })
})

describe('the step path', () => {
  const four = { net: { blocks: 4 }, objective: { layer: 3 } }

  test('creates, writes and maps nothing; dispatches, submits and pipelines stay few', async () => {
    const lines: string[] = []
    const dispatches: Record<string, number> = {}
    for (const method of ['fm', 'lcf']) {
      const library = new KernelLibrary(await requestTestDevice())
      const config = tinyConfig({ ...four, replicas: [{ method }] })
      const trainer = await Trainer.create(await requestTestDevice(), library, config, await generateData(config))
      dispatches[method] = trainer.dispatchesPerStep
      for (const gentle of [true, false]) {
        const { result: submits, counts } = await countCalls(() => trainer.submitSteps(1, gentle))
        expect(counts).toMatchObject({ createBuffer: 0, createBindGroup: 0, createShaderModule: 0, createComputePipelineAsync: 0, writeBuffer: 0, mapAsync: 0, bytes: 0 })
        expect(counts.submit).toBe(submits)
        expect(counts.dispatchWorkgroups + counts.dispatchWorkgroupsIndirect).toBe(trainer.dispatchesPerStep)
        expect(submits).toBeLessThanOrEqual(4)
        if (!gentle) expect(submits).toBe(1)
        else lines.push(`${method}, 4 blocks: ${trainer.dispatchesPerStep} dispatches (${counts.dispatchWorkgroupsIndirect} indirect), at most ${submits} submits, ${library.count} pipelines`)
      }
      expect(library.count).toBeLessThanOrEqual(40)
      await trainer.device.queue.onSubmittedWorkDone()
      trainer.destroy()
    }
    console.log(lines.join('\n'))
    expect(dispatches.fm).toBeLessThanOrEqual(100)
    expect(dispatches.lcf - dispatches.fm).toBeLessThanOrEqual(10)
  })

  test('costs the same number of dispatches for one replica and for four, and pipelines are shared', async () => {
    const library = await testLibrary()
    const config = tinyConfig({ replicas: [{ method: 'lcf' }] })
    const one = await withTrainer(config, async trainer => trainer.dispatchesPerStep)
    const before = library.count
    const many = await withTrainer({ ...config, replicas: ['lcf', 'fm', 'fm-truncated', 'fm-contrast'].map(method => ({ method })) }, async trainer => trainer.dispatchesPerStep)
    expect(many).toBe(one)
    expect(library.count).toBe(before)
  })
})
