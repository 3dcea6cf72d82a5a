/** A study's record with values that can be recognised, and its picture. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../../src/config.ts'
import { samplesPng } from '../../src/lab/samples_png.ts'
import type { SampleGrid, StepSeries } from '../../src/protocol.ts'
import type { StudyRecord } from '../../src/record_schema.ts'

// Of a stored record, for browser tests read this file without what finds paths and solvers for config.ts.
const stored: Config = JSON.parse(readFileSync(resolve('public/studies/low-noise.json'), 'utf8')).tick.config
const config: Config = { ...stored, net: { ...stored.net, attention: true }, replicas: [0, 1, 2].flatMap(seed => [{ method: 'fm', seed }, { method: 'lcf', seed }]), train: { ...stored.train, steps: 1200 }, measures: [] }
const R = config.replicas.length
const t = [0.001, 0.01, 0.1, 0.999]
const step = [1, 600, 1200]
const series = (value: number[]): StepSeries => ({ step, value })
const last = { flow: 0.6, contrastive: null, gradientNorm: 0.4, learningRate: 1e-3, anchors: 3, positiveDistance: null, negativeDistance: null }
const of = <T>(make: (replica: number) => T) => Array.from({ length: R }, (_, replica) => make(replica))

export const studyRecord: StudyRecord = {
  format: 'low-noise-lab study', version: 1, study: 'low-noise', title: 'Flow matching beside LCF, three seeds', figure: 'LCF fig. 2', date: '2026-03-02', versions: { lab: '0.1.0' }, adapter: 'Test GPU: driver 7',
  claims: [
    { id: 'a', text: 'The loss is larger at low noise than at high', source: 'LCF §3', unit: 'loss', effects: [0.5, 0.6, 0.7], mean: 0.6, deviation: 0.1, verdict: 'appears' },
    { id: 'b', text: 'LCF lifts probe accuracy', source: 'LCF fig. 5', unit: 'points', effects: [-2, 1, 1.5], mean: 0.16667, deviation: 1.8930, verdict: 'unclear' },
  ],
  tick: {
    type: 'tick', runId: 'low-noise', sequence: 1, state: 'finished', step: 1200, steps: 1200, stepsPerSecond: 100, config,
    replicas: of(r => ({
      label: r % 2 ? 'LCF' : 'Flow matching', method: r % 2 ? 'lcf' : 'fm', seed: r >> 1, flow: series([1.2, 0.8, 0.6]), flowSmooth: series([1.2, 0.9, 0.65 + r / 100]),
      contrastive: r % 2 ? series([2, 1.5, 1]) : { step: [], value: [] }, gradientNorm: series([1, 0.5, 0.4]), last, skipped: 0, emptyAnchors: 0,
      knobs: { tMin: r % 2 ? 0.05 : 0, lambda: 0.05, tau: 0.5, learningRate: 1e-3 },
    })),
    lossByT: { step: 1200, t, count: 64, mean: of(r => t.map((_, i) => 1.1 - 0.2 * i + r / 100)), standardError: of(() => t.map(() => 0.01)), floor: [1, 0.9, 0.4, 0.05], floorNote: 'exact' },
    bands: [{ label: 't < .01', from: 0, to: 0.01, step: [600, 1200], value: of(() => [1.2, 1.1]) }],
    samples: null, events: [], cost: { bytes: 1e6, dispatches: 90, submits: 1, parameters: 188_596 },
  },
  measurements: [{
    id: 'probe', step: 1200, settings: { labels: 128 }, duration: 9,
    panels: [{
      id: 'accuracy', title: 'How readable the class is', x: { label: 't', scale: 'log' }, y: { label: 'test accuracy', scale: 'linear', percent: true }, spread: '± SD', summary: 'Recorded probe.', notes: [],
      curves: of(r => ({ replica: r, kind: 'measured' as const, label: '', x: t, y: [0.5, 0.6, 0.7, 0.1], spread: [0.01, 0.01, null, 0.01] })),
    }],
  }],
}

const { channels, size } = config.net
const count = config.evaluate.samples
/** Each replica's images have one grey of their own in each pixel column, all of them values that eight bits hold. */
const filled = (from: number) => Float32Array.from({ length: count * channels * size * size }, (_, i) => (2 * ((from + (i % size) + 3 * Math.floor(i / size ** 2)) % 256)) / 255 - 1)

export const studySamples: SampleGrid = { step: 1200, channels, size, count, real: filled(0), images: of(r => filled(40 * (r + 1))) }

export const studyPicture = samplesPng(studySamples)
