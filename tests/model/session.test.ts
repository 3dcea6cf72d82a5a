/** A run as the page and the terminal drive it: exact steps, pausing, live knobs, forks, refusals, and what a tick says. */
import { describe, expect, test } from 'vitest'
import { planMemory } from '../../src/lab/plan.ts'
import { expectSameBits, finished, sessions, turn, reached } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()

const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + 1 + i)

describe('a run', () => {
  test('from start to finish: 30 steps, evaluations and samples where they are due, and a tick that has it all', async () => {
    const session = await create(tinyConfig({ evaluate: { every: 10, samplesEvery: 15 } }))
    expect(session.tick()).toMatchObject({ state: 'paused', step: 0, steps: 30, sequence: 0, lossByT: null, samples: null })
    session.run()
    expect(session.state).toBe('running')
    await finished(session)
    await session.readMetrics()
    const tick = session.tick()
    expect(tick).toMatchObject({ type: 'tick', runId: 'run', sequence: 1, state: 'finished', step: 30, steps: 30, events: [] })
    expect(tick.bands[0].step).toEqual([10, 20, 30])
    expect(tick.lossByT!.step).toBe(30)
    expect(tick.samples).toMatchObject({ step: 30, channels: 1, size: 8, count: 2 })
    expect(tick.samples!.images.map(image => image.length)).toEqual([128, 128])
    expect(tick.samples!.real).toEqual(session.data.heldOut.slice(0, 128))
    expect(tick.stepsPerSecond).toBeGreaterThan(0)
    expect(tick.cost).toMatchObject({ parameters: planMemory(session.currentConfig, session.device.limits).parameters })
    const steps = count(0, 30)
    tick.replicas.forEach((replica, r) => {
      expect(replica).toMatchObject({ method: ['fm', 'lcf'][r], label: ['Flow matching', 'LCF'][r], seed: 0, skipped: 0, knobs: { tMin: [0, 0.25][r], learningRate: 0.003 } })
      expect(replica.flow.step).toEqual(steps)
      expect(replica.flowSmooth.step).toEqual(steps)
      expect(replica.gradientNorm.step).toEqual(steps)
      expect(replica.contrastive.step).toEqual(r === 1 ? steps : [])
      expect(replica.flow.value.every(v => v !== null && v > 0)).toBe(true)
      expect(replica.last.flow).toBe(replica.flow.value[29])
      expect(replica.last.learningRate).toBeCloseTo(0.003, 7)
    })
    // A step without an anchor has no contrastive loss, which is not a loss of 0.
    const { contrastive, emptyAnchors } = tick.replicas[1]
    expect(contrastive.value.filter(v => v === null).length).toBe(emptyAnchors)
    expect(JSON.stringify(tick)).not.toContain('NaN')
  })

  test('advances by exactly n, pauses, goes on, and a finished one does nothing more until it is extended', async () => {
    const session = await create()
    for (const [more, step] of [[1, 1], [7, 8], [0, 8], [-3, 8], [5, 13]]) {
      await session.advance(more)
      expect([session.step, session.state]).toEqual([step, 'paused'])
    }
    await session.advance(Number.MAX_SAFE_INTEGER)
    expect([session.step, session.state]).toEqual([30, 'finished'])
    session.run()
    expect([session.step, session.state]).toEqual([30, 'finished'])
    session.extend(4)
    expect(session.tick()).toMatchObject({ state: 'paused', step: 30, steps: 34, events: [{ step: 30, label: '4 more steps' }] })
    session.run()
    await finished(session)
    expect([session.step, session.state]).toEqual([34, 'finished'])
    const { replicas, step } = await session.checkpoint()
    expect(step).toBe(34)
    expect(session.tick().replicas[0].flow.step).toEqual(count(0, 34))
    const straight = await create(tinyConfig({ train: { steps: 34 } }))
    await straight.advance(34)
    expectSameBits({ config: session.currentConfig, step, replicas }, await straight.checkpoint())
  })

  test('stops soon after a pause, and its last metrics are there', async () => {
    const session = await create(tinyConfig({ train: { steps: 100_000 } }))
    session.run()
    await reached(session, 5)
    await session.pause()
    const { step } = session
    expect(session.state).toBe('paused')
    expect(step).toBeGreaterThan(0)
    expect(step).toBeLessThan(100_000)
    await session.device.queue.onSubmittedWorkDone()
    await turn()
    expect(session.step).toBe(step)
    expect((await session.checkpoint()).step).toBe(step)
    expect(session.tick().replicas[0].flow.step.at(-1)).toBeGreaterThan(step - step / 50 - 1)
  })

  test('goes on when it is resumed while a pause is still waiting for the GPU', async () => {
    const session = await create()
    const { readMetrics } = session
    // The last thing the loop does before it ends.
    session.readMetrics = function () {
      session.readMetrics = readMetrics
      session.run()
      return readMetrics.call(session)
    }
    session.run()
    await turn()
    await session.pause()
    await finished(session)
    expect([session.step, session.state]).toEqual([30, 'finished'])
  })

  test('keeps every step of its history when a clock asks for metrics in between', async () => {
    const session = await create(tinyConfig({ train: { steps: 200 } }))
    let done = false
    const clock = (async () => {
      while (!done) {
        void session.readMetrics()
        await turn()
      }
    })()
    for (let i = 1; i <= 8; i++) {
      await session.advance(5)
      expect(session.tick().replicas[0].flow.step).toEqual(count(0, 5 * i))
    }
    done = true
    await clock
  })

  test('draws the right samples and losses when several ask at once, while it trains', async () => {
    const session = await create(tinyConfig({ train: { steps: 200 } }))
    await session.advance(10)
    const [grid, levels] = [await session.sample(), await session.evaluate()]
    const [first, second, both] = await Promise.all([session.sample(), session.sample(), session.evaluate()])
    expect(first.images).toEqual(grid.images)
    expect(second.images).toEqual(grid.images)
    expect(both.mean).toEqual(levels.mean)

    session.run()
    await reached(session, 12)
    const [during, loss] = await Promise.all([session.sample(), session.evaluate()])
    await session.pause()
    expect(during.step).toBe(loss.step)
    const straight = await create(tinyConfig({ train: { steps: 200 } }), { data: session.data })
    await straight.advance(during.step)
    expect((await straight.sample()).images).toEqual(during.images)
    expect((await straight.evaluate()).mean).toEqual(loss.mean)
  })
})
