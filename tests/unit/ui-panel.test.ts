import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { Curve, Panel } from '../../src/panel.ts'
import type { LossByT } from '../../src/protocol.ts'
import { activeTMins } from '../../src/store/replicas.ts'
import { colourAt, heatScale, heatSentence } from '../../src/ui/charts/heat.ts'
import { lossPanel, lossSentence } from '../../src/ui/charts/lossByT.ts'
import { axesOf, gridOf, isNoiseLevel, linesOf, longGridOf, measuredOnce, notShown, writeTick } from '../../src/ui/charts/panel.ts'
import { csvOf } from '../../src/ui/charts/save.ts'
import { linesSentence } from '../../src/ui/charts/sentences.ts'
import { namedOf, seriesOf } from '../../src/ui/charts/series.ts'

const curve = (change: Partial<Curve> = {}): Curve => ({ replica: 0, kind: 'measured', label: '', x: [0.001, 0.1], y: [2, 3], ...change })
const panel = (curves: Curve[], change: Partial<Panel> = {}): Panel => ({ id: 'p', title: 'P', x: { label: 't', scale: 'log' }, y: { label: 'y', scale: 'log' }, curves, spread: '', summary: '', notes: [], ...change })
const of = (replicas: object[], hidden?: number[]) => seriesOf(namedOf(parseConfig({ replicas })), hidden)
const series = of([{ method: 'fm' }, { method: 'lcf' }])
const drawn = (one: Panel, groups: number[][] = []) => linesOf(one, series, groups, axesOf(one))

describe('logarithmic axes', () => {
  test.each([[0], [-1], [NaN], [Infinity], [null]])('%s leaves a gap and the other points', (bad) => {
    const one = panel([curve({ y: [bad, 3], spread: [1, 1] })])
    const [line] = drawn(one)
    expect(line.points.map(({ y }) => y)).toEqual([null, 3])
    const { y } = axesOf(one)
    expect(y[0]).toBeGreaterThan(0)
    expect(y[0]).toBeLessThan(y[1])
  })

  test('a band below zero ends at the edge', () => {
    const one = panel([curve({ y: [2, 3], spread: [5, 1] })])
    const [line] = drawn(one)
    expect(line.points[0].band).toEqual([axesOf(one).y[0], 7])
  })

  test('the clean image at t = 0 has a place left of all others, and keeps its name in the table', () => {
    const one = panel([curve({ x: [0, 0.001, 1], y: [1, 2, 3] })])
    const axes = axesOf(one)
    expect(axes.zeroAt).toBe(axes.x[0])
    expect(axes.zeroAt!).toBeLessThan(0.001)
    expect(axes.xTicks[0]).toBe(axes.zeroAt)
    const lines = drawn(one)
    expect(lines[0].points[0]).toMatchObject({ x: axes.zeroAt, at: 0, y: 1 })
    expect(gridOf(one, lines).rows[0][0]).toBe('0')
  })

  test('what cannot be drawn is counted', () => {
    expect(notShown(panel([curve({ y: [0, -2] }), curve({ y: [null, 1] })]))).toBe(2)
    expect(notShown(panel([curve({ y: [0, -2] })], { y: { label: 'y', scale: 'linear' } }))).toBe(0)
  })

  test('nothing at all still has axes', () => {
    const { x, y } = axesOf(panel([]))
    expect(x[0]).toBeLessThan(x[1])
    expect(y[0]).toBeLessThan(y[1])
  })
})

test('shares stay between 0 and 1, with the ends that were asked for', () => {
  const { y } = axesOf(panel([curve({ y: [0.9, 0.95], spread: [0.3, 0.3] })], { y: { label: 'accuracy', scale: 'linear', percent: true, domain: [0, 1] } }))
  expect(y).toEqual([0, 1])
})

test('while replayed, the axes hold every step', () => {
  const early = panel([curve({ y: [500, 900] })])
  expect(axesOf(panel([curve()]), [early]).y[1]).toBeGreaterThanOrEqual(900)
})

describe('lines', () => {
  test('wear their replica’s colour; theory is dashed, a baseline dotted', () => {
    const lines = drawn(panel([curve(), curve({ replica: 1 }), curve({ replica: null, kind: 'theory', label: '1/t' }), curve({ replica: null, kind: 'theory', label: 'bound' }), curve({ replica: null, kind: 'baseline', label: 'chance' })]))
    expect(lines.map(({ label }) => label)).toEqual(['FM', 'LCF', '1/t', 'bound', 'chance'])
    expect(lines[0].colour).not.toBe(lines[1].colour)
    expect(new Set(lines.slice(1).map(({ dash }) => dash)).size).toBe(4)
    expect(lines[0].marker).toBeDefined()
    expect(lines[2].marker).toBeUndefined()
  })

  test('end at the right, whichever way they were measured', () => {
    const [line] = drawn(panel([curve({ x: [1, 0.1, 0.5], y: [3, 1, 2] })]))
    expect(line.points.map(({ x, y }) => [x, y])).toEqual([[0.1, 1], [0.5, 2], [1, 3]])
  })

  test('a second curve of one replica has marks of its own', () => {
    expect(drawn(panel([curve({ label: 'class' }), curve({ label: 'other' })])).map(({ label, rank }) => [label, rank])).toEqual([['FM class', 0], ['FM other', 1]])
  })

  test('a hidden replica is in no line, no mean and no table', () => {
    const hidden = of([{ method: 'fm', seed: 0 }, { method: 'fm', seed: 1 }], [1])
    const one = panel([curve(), curve({ replica: 1 })])
    const lines = linesOf(one, hidden, [[0, 1]], axesOf(one))
    expect(lines).toHaveLength(1)
    expect(lines[0].seeds).toBeUndefined()
    expect(gridOf(one, lines).columns).toHaveLength(2)
  })

  test('seeds together say how many they are', () => {
    const twins = of([{ method: 'fm', seed: 0 }, { method: 'fm', seed: 1 }])
    const one = panel([curve({ y: [2, 3] }), curve({ replica: 1, y: [4, 3] })])
    const [line, ...rest] = linesOf(one, twins, [[0, 1]], axesOf(one))
    expect(rest).toEqual([])
    expect(line).toMatchObject({ label: 'FM ×2', seeds: 2, points: [{ y: 3, spread: Math.SQRT2 }, { y: 3, spread: 0 }] })
  })
})

test('tables line up values of one x, files hold them in full', () => {
  const one = panel([curve({ spread: [0.5, null] }), curve({ replica: null, kind: 'theory', label: '1/t', x: [0.001], y: [1000] })])
  const lines = drawn(one)
  expect(gridOf(one, lines)).toEqual({ columns: ['t', 'FM', '1/t'], rows: [['0.001', '2.00 ± 0.50', '1,000'], ['0.1', '3', '–']] })
  expect(csvOf(longGridOf(one, lines))).toBe('series,kind,t,y,spread\nFM,measured,0.001,2,0.5\nFM,measured,0.1,3,\n1/t,theory,0.001,1000,\n')
  expect(csvOf({ columns: ['a,b', 'c "d"'], rows: [] })).toBe('"a,b","c ""d"""\n')
})

test('while replicas are hidden the lines that are shown make the sentence', () => {
  const said = (curves: Curve[], change: Partial<Panel> = {}) => {
    const one = panel([...curves, curve({ replica: 1 })], change)
    return linesSentence(one, linesOf(one, of([{ method: 'fm' }, { method: 'lcf' }], [1]), [], axesOf(one)))
  }
  const share = { y: { label: 'test accuracy', scale: 'linear', percent: true } } as const
  expect(said([curve({ x: [0, 0.001], y: [0.9, 0.509], spread: [null, 0.059] }), curve({ replica: null, kind: 'baseline', label: 'eq. 9', x: [0.001], y: [0.1] })], share)).toBe('At t = 0.001, test accuracy: FM 50.9 ± 5.9 %; eq. 9: 10 %.')
  expect(said([curve({ x: [400, 800] })], { x: { label: 'training step', scale: 'linear' } })).toBe('At training step 800, y: FM 3.')
  const three = of([0, 1, 2].map((seed) => ({ method: 'fm', seed })).concat({ method: 'lcf', seed: 0 }), [3])
  const seeds = panel([curve({ replica: null, kind: 'theory', label: 'demanded', x: [0.001], y: [1000] }), curve({ y: [0.73, 1] }), curve({ replica: 1, y: [0.74, 1] }), curve({ replica: 2, y: [0.75, 1] })])
  expect(linesSentence(seeds, linesOf(seeds, three, [[0, 1, 2]], axesOf(seeds)))).toBe('At t = 0.001, y: FM 0.740 ± 0.010; demanded 1,000 (mean ± SD over 3 seeds).')
  expect(said([])).toBeNull()
  expect(said([1, 2, 3, 4, 5, 6].map((y) => curve({ label: String(y) })))).toBeNull() // too many for a sentence
})

test('levels are hatched below T_min of the replicas that are shown', () => {
  const config = parseConfig({ objective: { tMin: 0.05 }, replicas: [{ method: 'fm' }, { method: 'lcf' }, { method: 'lcf', tMin: 0.2 }] })
  expect([activeTMins(config), activeTMins(config, [2]), activeTMins(config, [1, 2])]).toEqual([[0.05, 0.2], [0.05], []])
})

test('ticks fit the room an axis has', () => {
  const plain = { label: '', scale: 'log' } as const
  expect([1e-5, 0.001, 1, 1000, 10000, 2e7].map((value) => writeTick(plain, value))).toEqual(['1e-5', '0.001', '1', '1,000', '1e4', '2e7'])
  expect(writeTick({ ...plain, percent: true }, 1)).toBe('100\u00a0%')
})

test('the noise level is known by its name', () => {
  expect(['t', 'noise level t', 'step', 'layer', 't₁'].map((label) => isNoiseLevel({ label, scale: 'log' }))).toEqual([true, true, false, false, false])
})

test('what was measured once is known, unless a line beside it runs over other places', () => {
  const at = (x: number, replica = 0) => curve({ replica, x: [x], y: [2] })
  const level = (y: number[]) => curve({ replica: null, kind: 'baseline', label: 'real', x: [0, 800], y })
  const place = (...curves: Curve[]) => measuredOnce(drawn(panel(curves, { x: { label: 'step', scale: 'linear' } })))
  expect(place(at(800), at(800, 1), level([1, 1]))).toBe(800)
  expect(place(at(800), at(400, 1), level([1, 1]))).toBeNull()
  expect(place(at(800), level([1, 2]))).toBeNull()
  expect(place(level([1, 1]))).toBeNull()
  expect(place(curve({ x: [400, 800], y: [null, 2] }))).toBe(800) // the other place has nothing
})

describe('loss by noise level', () => {
  const loss: LossByT = { step: 5, t: [0.1, 0.5], count: 8, mean: [[1, 0.2], [0.5, null]], standardError: [[0.1, 0.1], [0.1, null]], floor: [0.6, 0.1], floorNote: 'Known.' }

  test('raw, with the floor dashed', () => {
    const { curves, notes } = lossPanel({ ...loss, notes: ['Something about these networks.'] }, null, 'raw')
    expect(notes).toContain('Something about these networks.')
    expect(curves.map(({ kind, y }) => [kind, y])).toEqual([['measured', [1, 0.2]], ['measured', [0.5, null]], ['theory', [0.6, 0.1]]])
    expect(notes.join()).toContain('Known.')
  })

  test('excess is loss − floor, and says what lies at or below the floor', () => {
    const { curves, y, notes } = lossPanel(loss, null, 'excess')
    expect(curves.map((one) => one.y)).toEqual([[0.4, 0.1], [null, null]])
    expect(y.label).toContain('− floor')
    expect(notes.join()).toContain('1 value at or below')
  })

  test('as a denoiser: t² times as much, floor and doubt too', () => {
    const { curves, y, title } = lossPanel(loss, null, 'denoiser')
    const expected = [[0.01, 0.05], [0.005, null], [0.006, 0.025]]
    curves.forEach((one, i) => one.y.forEach((value, k) => (value === null ? expect(expected[i][k]).toBeNull() : expect(value).toBeCloseTo(expected[i][k]!, 12))))
    expect(curves[0].spread![0]).toBeCloseTo(0.001, 12)
    expect([title, y.label].join(' ')).toMatch(/denoiser.*D\(x_t\)/)
  })

  test('the sentence says what is left to learn before it goes on', () => {
    expect(lossSentence({ ...loss, mean: [[0.8, 0.2], [1, 0.3]] }, series)).toBe('Loss at t = 0.1: FM 0.80, LCF 1.00; at most 25 % of FM’s could still be learned. At t = 0.5: FM 0.20, LCF 0.30.')
    expect(lossSentence({ ...loss, floor: null }, series)).toBe('Loss at t = 0.1: FM 1.00, LCF 0.50. At t = 0.5: FM 0.20.')
    expect(lossSentence(loss, series)).toContain('; nothing of LCF’s could still be learned. At')
    expect(lossSentence(loss, series.slice(0, 1))).toContain('; at most 40 % of it could still be learned. At')
  })

  test('where paths differ each has its floor, and the excess is above its own', () => {
    const mixed: LossByT = { ...loss, floor: null, floors: [{ path: 'linear', replicas: [0], values: [0.6, 0.1] }, { path: 'VE', replicas: [1], values: [0.3, 0.2] }] }
    const { curves, notes } = lossPanel(mixed, null, 'raw')
    expect(curves.slice(2).map(({ kind, label, y }) => [kind, label, y])).toEqual([['theory', 'floor, linear', [0.6, 0.1]], ['theory', 'floor, VE', [0.3, 0.2]]])
    expect(notes).toContain('Floor, dashed, along each path: Known.')
    expect(lossPanel(mixed, null, 'excess').curves.map(({ y }) => y)).toEqual([[0.4, 0.1], [0.2, null]])
  })

  test('without a floor there is no excess', () => {
    expect(lossPanel({ ...loss, floor: null }, null, 'excess').curves[0].y).toEqual([1, 0.2])
  })
})

describe('heat maps', () => {
  const map = { label: 'κ', unit: '', x: { label: 't₁', scale: 'log', at: [0.1, 1] }, y: { label: 't₂', scale: 'log', at: [0.1, 1] } } as const
  const of = (values: (number | null)[][]) => ({ ...map, x: { ...map.x, at: [...map.x.at] }, y: { ...map.y, at: [...map.y.at] }, values })

  test('are logarithmic over two decades of positive values, else linear', () => {
    expect(heatScale([{ values: [[1, 10, 100]] }])).toMatchObject({ log: true, low: 1, high: 100 })
    expect(heatScale([{ values: [[1, 10, 100]] }]).share(10)).toBeCloseTo(0.5)
    expect(heatScale([{ values: [[0, 10, 100]] }]).log).toBe(false)
    expect(heatScale([{ values: [[3, 3]] }]).share(3)).toBe(0.5)
    expect(heatScale([{ values: [[null, NaN]] }]).share(null)).toBeNull()
  })

  test('side by side share one scale', () => {
    expect(heatScale([{ values: [[1, 2]] }, { values: [[3, 5]] }])).toMatchObject({ log: false, low: 1, high: 5 })
    expect(heatScale([{ values: [[1, 2]] }, { values: [[3, 500]] }]).log).toBe(true)
  })

  test('say their extremes and where these are', () => {
    expect(heatSentence(of([[1000, 2], [5, null]]))).toBe('κ: from 2 at t₂ 0.1, t₁ 1 to 1,000 at t₂ 0.1, t₁ 0.1.')
    expect(heatSentence(of([[null, null], [null, null]]))).toBe('κ: nothing finite.')
  })

  test('go from dark to light', () => {
    const light = [0, 0.25, 0.5, 0.75, 1].map((share) => colourAt(share).match(/\d+/g)!.map(Number)).map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)
    expect([...light].sort((a, b) => a - b)).toEqual(light)
  })
})
