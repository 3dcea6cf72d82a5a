/** A batch in micro-batches: the same step but for rounding, the same draws, on the GPU alone; going on, walking and refusing. */
import { describe, expect, test, vi } from 'vitest'
import { type Config, parseConfig } from '../../src/config.ts'
import { checkConfig } from '../../src/lab/data.ts'
import { planMemory } from '../../src/lab/plan.ts'
import type { MetricsRow, Trainer } from '../../src/lab/trainer.ts'
import type { LossByT } from '../../src/protocol.ts'
import type { StepWalk } from '../../src/step_walk.ts'
import { countCalls } from '../support/count_calls.ts'
import { relative } from '../support/compare.ts'
import { withTraining } from '../support/given_training.ts'
import { expectSameBits, sessions } from '../support/sessions.ts'
import { tinyConfig, withTrainer } from '../support/tiny_run.ts'

const { create } = sessions()

/** ε as large as the gradients: else Adam scales what is rounding alone, such as the bias of the keys, up to full steps. */
const whole = tinyConfig({ train: { batch: 32, warmup: 0, epsilon: 1e-2 }, replicas: [{ method: 'fm' }, { method: 'fm-truncated', tMin: 0.3 }] })
const cut = (config: Config, microBatches: number): Config => ({ ...config, train: { ...config.train, microBatches } })

async function after(config: Config, steps: number): Promise<{ weights: Float32Array[]; gradients: Float32Array; rows: MetricsRow[][] }> {
  return withTrainer(config, async trainer => {
    trainer.submitSteps(steps, false)
    const states = await trainer.replicaStates()
    const { training } = trainer.recorded
    return { weights: states.map(state => state.parameters), gradients: await trainer.table.read(training.optimizer.gradients), rows: await trainer.metrics(0, steps) }
  })
}

describe('4 × 8 samples', () => {
  test('make the step of 32: gradient, losses, norm and weights, also where noise levels are cut or stratified', async () => {
    for (const config of [whole, { ...whole, objective: { ...whole.objective, stratified: true } }]) {
      const [one, four] = [await after(config, 1), await after(cut(config, 4), 1)]
      expect(relative(four.gradients, one.gradients)).toBeLessThan(1e-6)
      const [long, parts] = [await after(config, 5), await after(cut(config, 4), 5)]
      long.weights.forEach((weights, r) => expect(relative(parts.weights[r], weights)).toBeLessThan(1e-6))
      long.rows.forEach((row, step) => row.forEach((expected, r) => {
        const { flow, gradientNorm, low, rate, skipped } = parts.rows[step][r]
        expect(relative([flow, gradientNorm], [expected.flow, expected.gradientNorm])).toBeLessThan(1e-6)
        expect({ low, rate, skipped }).toEqual({ low: expected.low, rate: expected.rate, skipped: expected.skipped })
      }))
      expect(relative(long.weights[0], one.weights[0])).toBeGreaterThan(1e-3) // it did go somewhere
      expect(long.rows.some(([, truncated]) => truncated.low > 0)).toBe(true)
    }
  })

  test('are the 32 of the undivided batch, every fourth in each part, low-noise ones first in each', async () => {
    const config = tinyConfig({ train: { batch: 32 }, replicas: [{ method: 'lcf', seed: 5, tMin: 0.4 }] })
    const draws = async (of: Config, runs: number) => withTraining(of, { given: false, images: 64 }, async training => {
      const { batch: { t, row, source, eps, dimensions: d } } = training.training
      const all = new Map<number, string>()
      const lows: number[] = []
      for (let run = 0; run < runs; run++) {
        training.run()
        const [levels, rows, numbers, noise] = [await training.read(t), await training.readWords(row), await training.readWords(source), await training.read(eps)]
        const { low } = await training.state()
        lows.push(low)
        for (let i = 0; i < 32 / runs; i++) {
          expect(levels[i] < Math.fround(0.4)).toBe(i < low)
          expect(numbers[i] % runs).toBe(run)
          all.set(numbers[i], [levels[i], rows[i], ...noise.subarray(i * d, (i + 1) * d)].join())
        }
      }
      const { whole_low, whole_anchors, step, part } = await training.state()
      expect([whole_low, whole_anchors, step, part]).toEqual([lows.reduce((a, b) => a + b), whole_low, 1, 0])
      return all
    })
    const [undivided, parts] = [await draws(config, 1), await draws(cut(config, 4), 4)]
    expect(undivided.size).toBe(32)
    expect([...parts].sort(([a], [b]) => a - b)).toEqual([...undivided].sort(([a], [b]) => a - b))
  })

  test('of terms that compare features of the whole batch too: each reading of LCF, anchors with a gradient, dispersive loss', async () => {
    const train = { batch: 32, warmup: 0, epsilon: 1e-2 }
    const variants = (['algorithm1', 'equation14', 'infonce'] as const).flatMap((variant, i) => [true, false].map(detach => tinyConfig({
      objective: { lambda: 0.7, variant, detach, normalise: detach, feature: i === 1 ? 'flattened' : 'pooled' }, train,
      replicas: [{ method: 'lcf', tMin: 0.5 }, { method: 'fm' }, { method: 'fm-contrast', tMin: 0.2 }, ...(detach ? [{ method: 'dispersive' }, { method: 'contrastive-fm' }] : [])],
    })))
    for (const config of variants) {
      const [one, four] = [await after(config, 1), await after(cut(config, 4), 1)]
      const learn = (found: typeof one) => found.rows[0].slice(0, 4) // ΔFM takes its negatives from the micro-batch
      const columns = (found: typeof one) => learn(found).flatMap(({ flow, contrastive, positive, negative, gradientNorm }) => [flow, contrastive, positive, negative, gradientNorm])
      expect(relative(columns(four), columns(one))).toBeLessThan(2e-6)
      expect(learn(four).map(({ anchors, low, empty }) => [anchors, low, empty])).toEqual(learn(one).map(({ anchors, low, empty }) => [anchors, low, empty]))
      expect(one.rows[0][0].anchors).toBeGreaterThan(8)
      const length = one.weights[0].length
      for (let r = 0; r < learn(one).length; r++) {
        const own = ({ gradients }: typeof one) => gradients.subarray(r * length, (r + 1) * length)
        expect(relative(own(four), own(one))).toBeLessThan(2e-6)
      }
    }
  })

  test('let every method train', async () => {
    const others = tinyConfig({ train: { batch: 16, microBatches: 4 }, objective: { lambda: 0.3 }, replicas: ['lcf', 'dispersive', 'contrastive-fm', 'x-prediction', 'exfm'].map(method => ({ method })) })
    const { rows } = await after(others, 6)
    for (const row of rows.at(-1)!) {
      expect(Number.isFinite(row.flow) && Number.isFinite(row.gradientNorm) && row.gradientNorm > 0).toBe(true)
      expect(row.skipped).toBe(0)
    }
    expect(rows.at(-1)!.map(row => row.contrastive !== 0)).toEqual([true, true, true, false, false])
  })
})

describe('a run in micro-batches', () => {
  const parts = cut(tinyConfig({ train: { batch: 8 } }), 2)

  test('creates, writes and reads nothing on its way; undivided it has the dispatches that it had', async () => {
    const alone = tinyConfig({ train: { batch: 8 }, replicas: [{ method: 'fm' }] })
    const kernelsOf = (config: Config) => withTrainer(config, async trainer => trainer.recorded.training.recorder.dispatches.map(({ kernel }) => kernel))
    const undivided = await kernelsOf(alone)
    expect(await kernelsOf(cut(alone, 2))).toEqual(undivided)
    for (const [config, passes] of [[cut(alone, 2), 2], [parts, 4]] as const) {
      await withTrainer(config, async trainer => {
        expect(trainer.passesPerStep).toBe(passes)
        if (passes === 2) expect(trainer.dispatchesPerStep).toBe(2 * undivided.length)
        for (const gentle of [true, false]) {
          const { result: submits, counts } = await countCalls(() => trainer.submitSteps(1, gentle))
          expect(counts).toMatchObject({ createBuffer: 0, createBindGroup: 0, createShaderModule: 0, createComputePipelineAsync: 0, writeBuffer: 0, mapAsync: 0, bytes: 0 })
          expect(counts.submit).toBe(submits)
          expect(counts.dispatchWorkgroups + counts.dispatchWorkgroupsIndirect).toBe(trainer.dispatchesPerStep)
        }
      })
    }
  })

  test('takes a knob turned in the midst of a step with the next step', async () => {
    const turned = { ...parts, objective: { ...parts.objective, tMin: 0.5, lambda: 0.9 }, train: { ...parts.train, learningRate: 0.02 } }
    const run = (turn: (trainer: Trainer, pass: number) => void) => withTrainer(parts, async trainer => {
      for (let pass = 0; pass < 2 * trainer.passesPerStep; pass++) {
        turn(trainer, pass)
        trainer.submitPass()
      }
      return (await trainer.replicaStates()).map(({ parameters }) => parameters)
    })
    const [midst, after, never] = [await run((trainer, pass) => pass === 3 && trainer.turn(turned)), await run((trainer, pass) => pass === 4 && trainer.turn(turned)), await run(() => {})]
    expect(midst).toEqual(after)
    expect(midst).not.toEqual(never)
  })

  test('needs less memory for activations and none for gradients more', () => {
    const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 }
    const bytes = (config: Config, name: string) => planMemory(config, limits).parts.find(part => part.name === name)!.bytes
    const large = tinyConfig({ train: { batch: 64 } })
    expect(bytes(cut(large, 8), 'activations')).toBeLessThan(0.2 * bytes(large, 'activations'))
    expect(bytes(cut(large, 8), 'gradients')).toBeLessThanOrEqual(bytes(large, 'gradients'))
  })

  test('is paused in the midst of a step, which then begins anew, to the same bits', async () => {
    const config = tinyConfig({ train: { batch: 8, microBatches: 4 }, objective: { tMin: 0.002 } }) // most steps have no anchor, and that is counted
    const paused = await create(config)
    const { trainer } = paused as unknown as { trainer: Trainer }
    const submit = trainer.submitPass.bind(trainer)
    const dropped = vi.spyOn(trainer, 'dropPasses')
    let submitted = 0
    trainer.submitPass = () => {
      if (++submitted === 2) void paused.pause()
      return submit()
    }
    await paused.advance(2)
    expect([paused.step, paused.state]).toEqual([0, 'paused'])
    expect(dropped).toHaveBeenCalledTimes(1)
    expect(submitted).toBe(2)
    await paused.advance(2)
    const straight = await create(config)
    await straight.advance(2)
    expectSameBits(await paused.checkpoint(), await straight.checkpoint())
    await paused.readMetrics()
    expect(paused.tick().replicas[1].emptyAnchors).toBeGreaterThan(0)
  })

  test('is walked and evaluated between two steps when that is asked for in the midst of one, which stays the step it was', async () => {
    const config = tinyConfig({ train: { batch: 8, microBatches: 4 } })
    const asked = await create(config)
    const { trainer } = asked as unknown as { trainer: Trainer }
    const submit = trainer.submitPass.bind(trainer)
    let submitted = 0
    const answers = new Promise<[StepWalk, LossByT]>(resolve => {
      trainer.submitPass = () => {
        if (++submitted === 2) resolve(Promise.all([asked.walk(1, 1), asked.evaluate()]))
        return submit()
      }
    })
    await asked.advance(1)
    const [walk, loss] = await answers
    expect([walk.step, loss.step]).toEqual([2, 1])
    const straight = await create(config)
    await straight.advance(1)
    expect(loss.mean).toEqual((await straight.evaluate()).mean)
    for (const session of [asked, straight]) await session.advance(1)
    expectSameBits(await asked.checkpoint(), await straight.checkpoint())
    await asked.readMetrics()
    expect(walk.loss).toBe(asked.tick().replicas[1].flow.value[1])
  })

  test('goes on from a checkpoint and in a fork bit for bit, and is walked with its own loss', async () => {
    const session = await create(parts)
    await session.advance(3)
    const half = await session.snapshot()
    const walk = await session.walk(1, 2)
    expect([walk.step, walk.batch, walk.parts]).toEqual([4, 4, 2])
    await session.advance(2)
    const resumed = await create(parts, { checkpoint: half })
    await resumed.advance(2)
    expectSameBits(await resumed.checkpoint(), await session.checkpoint())
    await session.readMetrics()
    const { flow, gradientNorm } = session.tick().replicas[1]
    expect(walk.loss).toBe(flow.value[3])
    expect(walk.gradientNorm).toBe(gradientNorm.value[3])
    await expect(session.walk(0, 4)).rejects.toThrow('there is no image 5 in a micro-batch of 4')
    const fork = await resumed.forked(1, [{ method: 'lcf' }])
    const forked = await create(fork.config, { checkpoint: fork })
    await forked.advance(1)
    expect(forked.step).toBe(6)
  })
})

test('batches that cannot be cut are refused in one sentence', () => {
  expect(() => parseConfig({ train: { batch: 32, microBatches: 5 } })).toThrow('train.microBatches: a batch of 32 cannot be cut into 5 equal parts; take a number that divides it')
  expect(() => parseConfig({ train: { microBatches: 0 } })).toThrow(/train\.microBatches/)
  expect(() => checkConfig(tinyConfig({ train: { batch: 8, microBatches: 8 }, replicas: [{ method: 'contrastive-fm' }] }))).toThrow('train.microBatches: Contrastive FM (ΔFM) compares images of one micro-batch, so it needs at least 2')
  expect(() => checkConfig(tinyConfig({ train: { batch: 1 } }))).toThrow('train.batch: LCF compares images of one batch, so it needs at least 2')
})
