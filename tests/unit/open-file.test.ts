/** What is made of files that somebody opens on the page. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { zipSync } from 'fflate'
import { parseConfig } from '../../src/config.ts'
import { readModel } from '../../src/lab/open_file.ts'
import { exportWeights } from '../../src/lab/weights_file.ts'
import { startState } from '../../src/model/knobs.ts'
import { panelsWithFiles, withFiles } from '../../src/ui/files/fileCurves.ts'
import type { FileEvaluation, FilePanel } from '../../src/file_protocol.ts'
import { axesOf, gridOf, linesOf } from '../../src/ui/charts/panel.ts'
import type { Panel } from '../../src/panel.ts'
import { flat, randomParameters } from '../support/random_net.ts'

const fixture = (name: string) => ({ name, bytes: new Uint8Array(readFileSync(new URL(`../fixtures/onnx/${name}`, import.meta.url))) })

const config = parseConfig({ net: { size: 8, patch: 2, width: 16, blocks: 2, heads: 2 }, objective: { layer: 1 }, replicas: [{ method: 'fm' }, { method: 'lcf', tMin: 0.2 }] })
const weights = flat(config.net, randomParameters(config.net, 1))
const run = { config, step: 7, replicas: config.replicas.map(() => ({ parameters: weights, ema: weights, first: weights, second: weights, state: startState() })) }
const mine = (replica: number) => ({ name: 'mine.onnx', bytes: exportWeights(run, { replica, weights: 'raw', format: 'onnx', version: '1' }) })

test('ours: how it is asked, where its sampler jumps, and the same bits to train on', () => {
  const { opened, checkpoint } = readModel([mine(1)])
  expect(opened).toMatchObject({ name: 'mine.onnx', kind: 'onnx', step: 7, config: { replicas: [{ method: 'lcf', tMin: 0.2 }] }, weights: { whole: true, differences: [], asks: [] }, untrainedBelow: 0.2 })
  expect(opened.fitting).toEqual(opened.config)
  expect(readModel([mine(0)]).opened.untrainedBelow).toBe(0)
  const { replicas, step } = checkpoint()
  expect([step, replicas.length]).toEqual([0, 1])
  expect(replicas[0].parameters).toEqual(weights)
})

describe('of others', () => {
  test('a torch export says what it is, is trained on with a data set that fits, and evaluated with it', () => {
    const { opened, checkpoint } = readModel([fixture('opset17.onnx')])
    expect(opened).toMatchObject({ config: null, step: null, weights: { whole: true }, reading: { predicts: 'velocity', zero: 'clean' }, untrainedBelow: 0 })
    expect(opened.weights!.tensors.length).toBeGreaterThan(10)
    const { net } = opened.weights!
    expect(opened.fitting!.net).toMatchObject({ channels: net!.channels, size: net!.size })
    expect(checkpoint('gratings').config).toMatchObject({ net, data: { dataset: 'gratings' } })
    expect(() => checkpoint('nowhere')).toThrow('there is no data set “nowhere”')
  })

  test('a variance behind the answer is the mark of DDPM’s nets', () => {
    expect(readModel([fixture('labelled.onnx')]).opened.reading).toMatchObject({ predicts: 'noise', path: 'ddpm', scale: 999, zero: 'clean' })
    expect(readModel([fixture('independent.onnx')]).opened.reading).toMatchObject({ predicts: 'velocity', path: 'linear' })
  })

  test('weights in a second file: shown without it, loaded with it', () => {
    const alone = readModel([fixture('external.onnx')])
    expect(alone.opened.about!.files).toEqual(['external.onnx.data'])
    expect(alone.opened.weights).toMatchObject({ whole: false, tensors: [] })
    expect(alone.opened.weights!.differences[0]).toContain('external.onnx.data')
    expect(() => alone.checkpoint()).toThrow('the weights cannot be loaded: ')
    expect(readModel([fixture('external.onnx.data'), fixture('external.onnx')]).opened.weights).toMatchObject({ whole: true })
  })

  test('safetensors leave the heads open, and take them', () => {
    const file = fixture('float16.safetensors')
    expect(readModel([file]).opened).toMatchObject({ kind: 'safetensors', about: null, reading: null, weights: { whole: false, asks: ['heads'] } })
    expect(readModel([file], { heads: 2 }).opened.weights).toMatchObject({ whole: true, asks: [] })
  })
})

test('several files, or none, are refused in a sentence', () => {
  expect(() => readModel([])).toThrow('there is no file; ONNX models')
  expect(() => readModel([mine(0), { ...mine(1), name: 'other.onnx' }])).toThrow('2 of the 2 files are models; give one model')
  expect(() => readModel([{ name: 'a.txt', bytes: new Uint8Array(3) }, { name: 'b.txt', bytes: new Uint8Array(3) }])).toThrow('none of the 2 files is a model')
  expect(() => readModel([{ name: 'a.zip', bytes: zipSync({ 'readme.txt': new Uint8Array(3) }) }])).toThrow('the archive is no run of the lab')
})

test('a file’s curve stands beside the run’s in a look of its own; in the view of the excess above its own floor', () => {
  const panel: Panel = { id: 'lossByT', title: '', x: { label: 't', scale: 'log' }, y: { label: '', scale: 'log' }, curves: [], spread: '', summary: '', notes: [] }
  const loss = { step: 0, t: [0.1, 0.5], count: 8, mean: [[1, 0.5]], standardError: [[0.1, 0.1]], floor: [0.75, 0.6], floorNote: '' }
  const evaluation: FileEvaluation = { name: 'net.onnx', loss, panels: [], samples: { channels: 1, size: 1, count: 0, images: new Float32Array() }, ran: '', duration: 1 }
  expect(withFiles(panel, [evaluation], 'raw').curves).toEqual([{ replica: null, kind: 'file', file: 0, label: 'net', x: [0.1, 0.5], y: [1, 0.5], spread: [0.1, 0.1] }])
  expect(withFiles(panel, [evaluation], 'excess').curves[0].y).toEqual([0.25, null])
  expect(withFiles(panel, [{ ...evaluation, loss: { ...loss, floor: null } }], 'excess')).toBe(panel)
})

test('probe, gain and Jacobian of files stand on the diagnostics’ own charts, in the table too; what only a file has gets a chart', () => {
  const about: Panel = { id: 'accuracy', title: '', x: { label: 't', scale: 'log' }, y: { label: '', scale: 'linear' }, curves: [], spread: '', summary: '', notes: [] }
  const live: Panel = { ...about, curves: [{ replica: 0, kind: 'measured', label: '', x: [0.1], y: [0.9] }] }
  const of = (name: string, y: number): FilePanel => ({ ...about, diagnostic: 'probe', spread: '± 1', notes: ['first', `how ${name}`], curves: [{ replica: null, kind: 'file', label: name, x: [0.1], y: [y] }, { replica: null, kind: 'baseline', label: 'chance', x: [0.1], y: [0.1] }] })
  const loss = { step: 0, t: [0.1], count: 8, mean: [[1]], standardError: [[0.1]], floor: null, floorNote: '' }
  const evaluation = (name: string, panels: FilePanel[]): FileEvaluation => ({ name, loss, panels, samples: { channels: 1, size: 1, count: 0, images: new Float32Array() }, ran: '', duration: 1 })
  const files = [evaluation('a.onnx', [of('a.onnx', 0.5)]), evaluation('b.onnx', [of('b.onnx', 0.6), { ...of('b.onnx', 0.7), id: 'neighbours' }])]
  const [accuracy, neighbours] = panelsWithFiles('probe', [live], files)
  expect(accuracy.curves.map(({ kind, label, y }) => [kind, label, y[0]])).toEqual([['measured', '', 0.9], ['file', 'a', 0.5], ['file', 'b', 0.6]])
  expect(accuracy.notes).toEqual(['Diamonds: a.onnx, with onnxruntime, ± 1. how a.onnx', 'Diamonds: b.onnx, with onnxruntime, ± 1. how b.onnx'])
  expect(neighbours).toMatchObject({ id: 'neighbours', curves: [{ kind: 'baseline' }, { kind: 'file', file: 1, label: 'b' }] })
  expect(panelsWithFiles('jacobian', [live], files)).toEqual([live])

  const lines = linesOf({ ...accuracy, curves: accuracy.curves.slice(1) }, [], [], axesOf(accuracy))
  expect(lines.map(({ colour, marker }) => [colour, marker])).toEqual([['var(--file)', 'diamond'], ['var(--file)', 'diamond']])
  expect(lines[0].dash).not.toBe(lines[1].dash)
  expect(gridOf(accuracy, lines)).toEqual({ columns: ['t', 'a', 'b'], rows: [['0.1', '0.5', '0.6']] })
})
