/** Where the visitor stands in a walked step, and how its numbers are shown. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { StepWalk } from '../../src/step_walk.ts'
import { hearWalked, moved, nextWalk, pairedSpans, playOn, playOrStop, showMove, spansOf, stageFrom, stepMove, stepStage, useInside } from '../../src/store/inside.ts'
import { receive, useRun } from '../../src/store/run.ts'
import { useUi } from '../../src/store/ui.ts'
import { colourAt } from '../../src/ui/charts/heat.ts'
import { heatPicture, pictureSize, shapeText, statisticsText } from '../../src/ui/inside/paint.ts'

const stages = ['batch', 'batch', 'block 0', 'block 0', 'block 0', 'head', 'head backward', 'block 0 backward', 'update', 'update']
const moves = stages.map((stage) => ({ stage, kernel: 'matmul_nn', source: null, variant: '', workgroups: [1, 1, 1], reads: [], writes: [], attention: null }))
const walk = { step: 4, label: 'LCF', moves } as unknown as StepWalk

const at = () => useInside.getState().at

describe('steps', () => {
  beforeEach(() => useInside.setState({ walk: null, asked: null, problem: null, at: 0, playing: false }))

  const arrive = () => hearWalked({ type: 'walked', requestId: nextWalk(), walk })

  test('go one move or one stage at a time and stop at the ends', () => {
    arrive()
    expect(useUi.getState().announcement).toBe('Step 4 of LCF: 10 moves.')
    stepMove(-1)
    expect(at()).toBe(0)
    stepMove(1)
    expect(at()).toBe(1)
    expect(useUi.getState().announcement).toBe('2 of 10, batch: matmul_nn writes counts.')
    for (const [by, place] of [[1, 2], [1, 5], [1, 6], [1, 7], [1, 8], [1, 9], [1, 9], [-1, 8], [-1, 7]] as const) {
      stepStage(by)
      expect(at()).toBe(place)
    }
    showMove(4)
    stepStage(-1) // first to where its own stage begins
    expect(at()).toBe(2)
    showMove(99)
    expect(at()).toBe(9)
  })

  test('slow motion goes on quietly, ends with the step, begins anew from there, and stops when the visitor steps', () => {
    arrive()
    const said = useUi.getState().announcement
    playOrStop()
    for (let i = 0; i < 9; i++) playOn()
    expect([at(), useInside.getState().playing]).toEqual([9, true])
    playOn()
    expect([at(), useInside.getState().playing]).toEqual([9, false])
    expect(useUi.getState().announcement).toBe(said)
    playOrStop()
    expect([at(), useInside.getState().playing]).toEqual([0, true])
    stepMove(1)
    expect([at(), useInside.getState().playing]).toEqual([1, false])
  })

  test('a walk of the same moves keeps the place; another begins at the first; an answer to an older question is not heard', () => {
    arrive()
    showMove(5)
    arrive()
    expect(at()).toBe(5)
    const old = nextWalk()
    const asked = nextWalk()
    hearWalked({ type: 'walked', requestId: old, walk: { ...walk, step: 99 } })
    expect(useInside.getState()).toMatchObject({ asked, walk: { step: 4 } })
    hearWalked({ type: 'walked', requestId: asked, walk: { ...walk, moves: moves.slice(0, 7) } })
    expect([at(), useInside.getState().asked]).toEqual([0, null])
  })

  test('a refusal is kept as a sentence, beside the walk there was; a run that fails or is replaced ends the waiting', () => {
    arrive()
    hearWalked({ type: 'walked', requestId: nextWalk(), walk: null, problem: 'the GPU could not give 9 MiB' })
    expect(useInside.getState()).toMatchObject({ asked: null, problem: 'the GPU could not give 9 MiB', walk })
    nextWalk()
    expect(useInside.getState().problem).toBeNull()
    receive({ type: 'fault', kind: 'device-lost', message: 'gone' })
    expect(useInside.getState().asked).toBeNull()
    const late = nextWalk()
    useRun.setState({ phase: 'starting' })
    hearWalked({ type: 'walked', requestId: late, walk: { ...walk, step: 99 } })
    expect(useInside.getState()).toMatchObject({ asked: null, walk: { step: 4 } })
  })

  test('nothing to step through: nothing happens', () => {
    stepMove(1)
    stepStage(1)
    playOrStop()
    expect(useInside.getState()).toMatchObject({ at: 0, playing: false })
  })
})

test('stages stand beside those that go back through them', () => {
  const spans = spansOf(moves)
  expect(spans).toEqual([
    { name: 'batch', from: 0, to: 2 }, { name: 'block 0', from: 2, to: 5 }, { name: 'head', from: 5, to: 6 },
    { name: 'head backward', from: 6, to: 7 }, { name: 'block 0 backward', from: 7, to: 8 }, { name: 'update', from: 8, to: 10 },
  ])
  expect(pairedSpans(spans).map(({ forward, back }) => [forward.name, ...back.map(({ name }) => name)])).toEqual([['batch', 'update'], ['block 0', 'block 0 backward'], ['head', 'head backward']])
  const joined = spansOf(['block 0', 'block 1', 'head', 'head backward', 'block 1 backward', 'feature backward', 'block 0 backward'].map((stage) => ({ stage })))
  expect(pairedSpans(joined).map(({ back }) => back.map(({ name }) => name))).toEqual([['block 0 backward'], ['block 1 backward', 'feature backward'], ['head backward']])
  expect([stageFrom(spans, 0, -1), stageFrom([], 3, 1), moved(3, -9, 5), moved(3, 9, 5)]).toEqual([0, 3, 0, 4])
})

describe('numbers', () => {
  const pixel = (data: Uint8ClampedArray, i: number) => [...data.slice(4 * i, 4 * i + 4)]
  const rgb = (share: number) => colourAt(share).match(/\d+/g)!.map(Number)

  test('become pixels in the colours of heat maps; what is not finite stays clear, and one value alone is the middle', () => {
    const { width, height, data } = heatPicture([9, 9, -1, 3, NaN, 1], 2, 2, 2, -1, 3)
    expect([width, height]).toEqual([2, 2])
    expect(pixel(data, 0)).toEqual([...rgb(0), 255])
    expect(pixel(data, 1)).toEqual([...rgb(1), 255])
    expect(pixel(data, 2)).toEqual([0, 0, 0, 0])
    expect(pixel(heatPicture([7], 0, 1, 1, 7, 7).data, 0)).toEqual([...rgb(128 / 255), 255])
  })

  test('and words', () => {
    expect(shapeText(['B', 'T', '3C'], [8, 16, 48])).toBe('(B, T, 3C) = (8, 16, 48)')
    expect(shapeText(['B'], [8])).toBe('B = 8')
    expect(shapeText([], [8, 20])).toBe('(8, 20)')
    expect(statisticsText({ notFinite: 0, low: -0.5, high: 2, mean: 0.25, deviation: 1 })).toBe('−0.5 to 2, mean 0.25, SD 1')
    expect(statisticsText({ notFinite: 3, low: null, high: null, mean: null, deviation: null })).toBe('nothing finite; 3 not finite')
    expect(statisticsText({ notFinite: 0, low: 0, high: 0, mean: 0, deviation: 0 })).toBe('all 0')
    expect(pictureSize(16, 16)).toEqual({ width: 224, height: 224 })
    expect(pictureSize(1, 256)).toEqual({ width: 256, height: 14 })
    expect(pictureSize(64, 512)).toEqual({ width: 512, height: 64 })
  })
})
