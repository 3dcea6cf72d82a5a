/** The one wire to the training worker. */
import type { Command, Report } from '../protocol.ts'
import { hearExported } from './exports.ts'
import { hearWalked } from './inside.ts'
import { receive } from './run.ts'
import { hearPast } from './runList.ts'
import { hearSaves } from './saves.ts'

let worker: Worker | null = null

function connect(): Worker {
  const created = new Worker(new URL('../worker/train.worker.ts', import.meta.url), { type: 'module', name: 'train' })
  created.addEventListener('message', (event: MessageEvent<Report>) => {
    hearSaves(event.data)
    hearExported(event.data)
    hearWalked(event.data)
    hearPast(event.data)
    receive(event.data)
  })
  created.addEventListener('error', (event) => {
    event.preventDefault()
    // A worker that failed to load says so with an empty message.
    receive({ type: 'fault', kind: 'internal', message: event.message || 'The training worker did not start.' })
  })
  return created
}

export function post(command: Command): void {
  worker ??= connect()
  worker.postMessage(command)
}

/** After a crash the old worker may hold a lost device; a new one starts clean. */
export function reconnect(): void {
  worker?.terminate()
  worker = null
  post({ type: 'probe' })
}
