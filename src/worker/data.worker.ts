/** Reads visitors' images and keeps them in this browser. Nothing leaves the machine. */
import { ConfigError } from '../config.ts'
import { convert, type Kept, suggested } from '../lab/own/convert.ts'
import { type Opened, readSource } from '../lab/own/read.ts'
import { shelve, shelved, unshelve } from '../lab/own/shelf.ts'
import { MOST_UNPACKED, said } from '../lab/own/source.ts'
import type { DataCommand, DataReport } from '../file_protocol.ts'
import { decodePicture } from './decode_picture.ts'

const send = (report: DataReport) => postMessage(report)
const breathe = () => new Promise<void>(resolve => { setTimeout(resolve) })
const reading = (label: string) => (done: number, total: number) => send({ type: 'reading', label, done, total })

let opened: Opened | null = null
let converted: Kept | null = null

const given = ({ path, file }: { path: string; file: File }) => ({
  path,
  async bytes() {
    if (file.size > MOST_UNPACKED) throw new ConfigError(`${path} has ${said(file.size)} bytes; at most ${said(MOST_UNPACKED)} are read`)
    return new Uint8Array(await file.arrayBuffer())
  },
})

async function obey(command: DataCommand): Promise<void> {
  switch (command.type) {
    case 'list':
      return send({ type: 'sets', ...(await shelved()) })
    case 'open': {
      opened = converted = null
      send({ type: 'reading', label: 'reading', done: 0, total: 0 })
      opened = await readSource(command.files.map(given), decodePicture, reading('looking at pictures'))
      const { width, height, labels } = opened.source
      const asked = suggested(opened)
      send({ type: 'opened', asked, width, height, count: labels.length })
      return obey({ type: 'convert', asked })
    }
    case 'convert': {
      if (!opened) return
      converted = null
      converted = await convert(opened.source, command.asked, reading('converting'), breathe)
      return send({ type: 'converted', set: converted.set })
    }
    case 'keep': {
      if (!converted) return
      const { set, pool } = converted
      await shelve(set, pool)
      opened = converted = null // the memory is needed elsewhere
      send({ type: 'sets', ...(await shelved()) })
      return send({ type: 'kept', set })
    }
    case 'remove':
      await unshelve(command.id)
      return send({ type: 'sets', ...(await shelved()) })
  }
}

let queue = Promise.resolve()
addEventListener('message', ({ data }: MessageEvent<DataCommand>) => {
  queue = queue.then(() => obey(data)).catch((error: unknown) => {
    // A browser that keeps nothing has no sets; whoever wants to keep one is told so.
    if (data.type === 'list') return send({ type: 'sets', sets: [], problem: null })
    const message = error instanceof Error ? error.message : String(error)
    send({ type: 'refused', message: error instanceof ConfigError || error instanceof RangeError ? message : `The files could not be read: ${message}` })
  })
})
