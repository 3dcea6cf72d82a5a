/** Reads files of models and runs. Nothing leaves the machine. */
import { ConfigError } from '../config.ts'
import { packCheckpoint } from '../lab/checkpoint.ts'
import { readModel, type ReadModel } from '../lab/open_file.ts'
import { knowShelved } from '../lab/own/shelf.ts'
import type { FileCommand, FileReport } from '../file_protocol.ts'

/** More is no model that a page should be asked to hold twice. */
const MOST_BYTES = 2 ** 30

const send = (report: FileReport) => postMessage(report)

let read: ReadModel | null = null

async function obey(command: FileCommand): Promise<void> {
  if (command.type === 'read') {
    read = null
    const { files, heads, size } = command
    const total = files.reduce((sum, { file }) => sum + file.size, 0)
    if (total > MOST_BYTES) throw new ConfigError(`the files have ${total.toLocaleString('en')} bytes; at most ${MOST_BYTES.toLocaleString('en')} are read`)
    read = readModel(await Promise.all(files.map(async ({ name, file }) => ({ name, bytes: new Uint8Array(await file.arrayBuffer()) }))), { heads, size })
    return send({ type: 'read', opened: read.opened })
  }
  if (!read) return
  const checkpoint = read.checkpoint(command.dataset)
  send({ type: 'begin', config: checkpoint.config, checkpoint: packCheckpoint(checkpoint) })
}

let queue = Promise.resolve()
addEventListener('message', ({ data }: MessageEvent<FileCommand>) => {
  queue = queue.then(knowShelved).then(() => obey(data)).catch((error: unknown) => send({ type: 'refused', message: error instanceof Error ? error.message : String(error) }))
})
