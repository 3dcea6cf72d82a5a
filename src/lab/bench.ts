/** Where a diagnostic works: memory of its own beside the run's, gone when the measurement ends, whether it ended well or not. */
import { type Config, seedGroups } from '../config.ts'
import type { RunData } from '../datasets/dataset.ts'
import type { Bench } from '../diagnostics/diagnostic.ts'
import type { KernelLibrary } from '../engine/kernel.ts'
import { Recorder, type Tensor } from '../engine/recorder.ts'
import { Buffers, Recording } from '../engine/recording.ts'
import { settled } from '../engine/settled.ts'
import { layTable } from '../engine/table.ts'
import type { Training } from '../model/training.ts'
import type { Measurement } from '../panel.ts'
import { classifierFor } from './classifiers/index.ts'
import { drawImages } from './data.ts'

/** Thrown through a measurement that was cancelled. */
export class Cancelled extends Error {
  override name = 'Cancelled'
}

export interface BenchOptions {
  device: GPUDevice
  library: KernelLibrary
  /** The run's own buffers: weights are read from there. */
  buffers: Buffers
  config: Config
  step: number
  training: Training
  labels: readonly string[]
  data: RunData
  /** Measurements of the same diagnostic so far. */
  earlier: readonly Measurement[]
  /** What was made for measurements of this run before, by what was asked for; kept by the caller. */
  kept: Map<string, unknown>
  signal: AbortSignal
  progress: (done: number, total: number) => void
  breathe: () => Promise<void>
}

/** Runs `work` at a bench. @throws Cancelled when the signal was raised, and whatever `work` throws */
export async function atBench<T>(options: BenchOptions, work: (bench: Bench) => Promise<T>): Promise<T> {
  const { device, library, buffers, config, training, data, kept: known, signal, progress, breathe } = options
  const laid: { buffers: Buffers; recordings: Recording[] }[] = []
  let tensors = new Set<Tensor>()
  const look = () => {
    if (signal.aborted) throw new Cancelled('the measurement was cancelled')
  }
  const kept = async <Made>(key: string, make: () => Promise<Made>) => {
    if (!known.has(key)) known.set(key, await make())
    return known.get(key) as Made
  }
  const bench: Bench = {
    config, step: options.step, training, labels: options.labels, data, earlier: options.earlier,
    groups: seedGroups(config).map(replicas => ({ label: options.labels[replicas[0]], replicas })),
    classifier: () => classifierFor(config.data.dataset, config.net.size),
    kept,
    images: (count, { split, start = 0 }) => kept(`${split} ${start} ${count}`, () => drawImages(data.dataset, count, { seed: config.data.seed, split, size: config.net.size, start }, async () => {
      look()
      await breathe()
    })),
    recorder: () => new Recorder(tensors, training.recorder.tiles),
    async lay(...recorders) {
      const own = await Buffers.allocate(device, tensors, laid.at(-1)?.buffers ?? buffers) // a later table sees the tensors of those before it
      tensors = new Set()
      const entry = { buffers: own, recordings: [] as Recording[] }
      laid.push(entry)
      for (const recorder of recorders) entry.recordings.push(await Recording.realise(recorder, own, library))
      return layTable(device, own, new Map(recorders.map((recorder, i) => [recorder, entry.recordings[i]])))
    },
    async progress(done, total) {
      look()
      progress(done, total)
      await settled(device, device.queue.onSubmittedWorkDone())
      await breathe()
      look()
    },
  }
  try {
    return await work(bench)
  } finally {
    await settled(device, device.queue.onSubmittedWorkDone())
    for (const { buffers: own, recordings } of laid) {
      for (const recording of recordings) recording.destroy()
      own.destroy()
    }
  }
}
