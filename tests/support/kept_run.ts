/** A small run as it is kept, with a history that has something of everything. No GPU behind it. */
import { type Config, parseConfig } from '../../src/config.ts'
import { addToBands, ReplicaHistory, type RunHistory, startBands } from '../../src/lab/history.ts'
import type { Checkpoint } from '../../src/lab/session.ts'
import { packState } from '../../src/model/knobs.ts'
import { parameterLayout } from '../../src/model/parameters.ts'
import { METRICS } from '../../src/ops/optimizer.ts'
import type { Measurement } from '../../src/panel.ts'
import type { LossByT } from '../../src/protocol.ts'
import type { MetricsRow } from '../../src/lab/trainer.ts'

export const keptConfig: Config = parseConfig({ net: { width: 8, blocks: 1, heads: 1, size: 8 }, objective: { layer: 1 }, replicas: [{ method: 'fm' }, { method: 'lcf', seed: 3 }] })

export function keptRun(step = 12): Checkpoint {
  const { length } = parameterLayout(keptConfig.net)
  const values = (from: number) => Float32Array.from({ length }, (_, i) => Math.fround(from + i / 7))
  const replicas = [0, 100].map(from => ({ parameters: values(from), first: values(from + 1), second: values(from + 2), ema: values(from + 3), state: packState({ step }) }))
  return { config: keptConfig, step, replicas, history: history(step) }
}

function history(steps: number): RunHistory {
  const replicas = [1, 2].map(r => {
    const one = new ReplicaHistory(0)
    for (let i = 0; i < steps; i++) one.add({ ...Object.fromEntries(METRICS.map((name, m) => [name, r + m])), step: i, flow: i === 5 ? Number.NaN : Math.fround(r / (i + 1)), gradientNorm: Infinity } as MetricsRow)
    return one.record()
  })
  const loss: LossByT = { step: 10, t: [0.001, 0.5], count: 8, mean: [[1, 2], [null, 4]], standardError: [[0.1, 0.2], [null, 0.4]], floor: [0.5, 0.25], floorNote: 'Known.' }
  const bands = startBands()
  addToBands(bands, loss)
  const measurement: Measurement = {
    id: 'condition', step: 10, duration: 0.25, settings: { levels: 2 },
    panels: [{
      id: 'gain', title: 'Gain', x: { label: 't', scale: 'log', domain: [0.001, 1] }, y: { label: 'gain', scale: 'log' }, spread: '± SD over 8 pairs', summary: 'It rises.', notes: ['A note.'],
      curves: [{ replica: 1, kind: 'measured', label: '', x: [0.001, 0.5], y: [3, null], spread: [0.5, null] }, { replica: null, kind: 'theory', label: 'bound', x: [1], y: [2] }],
      heat: [{ label: 'map', x: { label: 'x', scale: 'linear', at: [1, 2] }, y: { label: 'y', scale: 'linear', at: [5] }, values: [[7, null]], unit: '' }],
      pictures: [{ label: 'directions', channels: 1, size: 2, pixels: Float32Array.of(1, 2, 3, 4), captions: ['first'] }],
    }],
  }
  const image = (from: number) => Float32Array.from({ length: 128 }, (_, i) => from + i)
  return { replicas, losses: [loss], bands, samples: { step: 10, channels: 1, size: 8, count: 2, images: [image(0), image(50)], real: image(100) }, events: [{ step: 4, label: 'λ → 0.5' }], measurements: [measurement] }
}
