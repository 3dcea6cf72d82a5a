/** The training thread itself, without its thread: its script runs here with a worker's globals, a GPU that can be lost and a database in memory. */
import 'fake-indexeddb/auto'
import { afterAll, afterEach, vi } from 'vitest'
import type { Command, Report } from '../../src/protocol.ts'
import { openTestDevice } from './gpu.ts'

type Of<T extends Report['type']> = Extract<Report, { type: T }>

/** Call it once at the top of a test file: the thread lives as long as the file does. */
export function trainingWorker() {
  const listeners: Record<string, ((event: object) => void)[]> = {}
  const heard: Report[] = []
  const waiting = new Set<(report: Report) => void>()
  let device: GPUDevice | undefined

  vi.stubGlobal('isSecureContext', true)
  vi.stubGlobal('addEventListener', (type: string, listener: (event: object) => void) => (listeners[type] ??= []).push(listener))
  vi.stubGlobal('postMessage', (message: Report) => {
    const report = structuredClone(message)
    heard.push(report)
    for (const hear of [...waiting]) hear(report)
  })
  vi.stubGlobal('navigator', {
    gpu: {
      async requestAdapter() {
        const opened = (device = await openTestDevice())
        const lost = opened.lost.then(({ message }) => ({ reason: 'unknown', message })) // not that it was destroyed
        Object.defineProperty(opened, 'lost', { value: lost })
        const { features, limits, adapterInfo: info } = opened
        return { features, limits, info, requestDevice: async () => opened }
      },
    },
  })

  let loaded: Promise<unknown> | undefined
  const post = async (command: Command) => {
    await (loaded ??= import('../../src/worker/train.worker.ts'))
    for (const listener of listeners.message) listener({ data: structuredClone(command) })
  }
  /** The first such report from now on. */
  const next = <T extends Report['type']>(type: T, is: (report: Of<T>) => boolean = () => true) => new Promise<Of<T>>(resolve => {
    const hear = (report: Report) => {
      if (report.type !== type || !is(report as Of<T>)) return
      waiting.delete(hear)
      resolve(report as Of<T>)
    }
    waiting.add(hear)
  })
  /** As if the driver had reset it. */
  const loseGpu = async () => {
    device?.destroy()
    await device?.lost
  }

  afterEach(async () => {
    const rested = next('past')
    await post({ type: 'step', count: 0 }) // over when the steps under way are
    await post({ type: 'look', id: '' })
    await rested
    heard.length = 0
  })
  afterAll(async () => {
    await loseGpu()
    vi.unstubAllGlobals()
  })
  return { post, next, heard, loseGpu }
}
