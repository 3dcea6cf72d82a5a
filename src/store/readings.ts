/** How visitors said a file is to be asked, kept in the browser for the next time. */
import { z } from 'zod'
import { type ModelReading, modelReadingSchema, type OpenedFile } from '../file_protocol.ts'

const key = 'low-noise-lab.readings'
const most = 30

const keptSchema = z.record(z.string(), modelReadingSchema)

function kept(): Record<string, ModelReading> {
  try {
    return keptSchema.parse(JSON.parse(localStorage.getItem(key) ?? '{}'))
  } catch {
    return {} // nothing was kept, or something else wrote there, or the browser keeps nothing
  }
}

const fileKey = (opened: OpenedFile) => `${opened.name} ${opened.bytes}`

/** Null when nothing is known of the file, or what is known does not fit it any more. */
export function recalled(opened: OpenedFile): ModelReading | null {
  const { about } = opened
  const known = kept()[fileKey(opened)]
  if (!about || !known) return null
  const has = (value: string | null, among: { name: string }[]) => value === null || among.some((one) => one.name === value)
  const { image, time, labels, output, features } = known
  const fits = has(image, about.inputs) && has(time, about.inputs) && has(labels, about.inputs) && has(output, about.outputs) && has(features, [...about.outputs, ...about.values])
  return fits ? known : null
}

export function remember(opened: OpenedFile, reading: ModelReading): void {
  const { [fileKey(opened)]: _, ...others } = kept()
  const entries = [...Object.entries(others), [fileKey(opened), reading]].slice(-most)
  try {
    localStorage.setItem(key, JSON.stringify(Object.fromEntries(entries)))
  } catch {
    // A browser that keeps nothing; it will be asked again.
  }
}
