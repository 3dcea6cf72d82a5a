/** The classifier of a data set at a size, where the lab has one; its file is fetched when it is first asked for. */
import type { Classifier } from '../../model/classifier.ts'
import { decodeClassifier } from './file.ts'

const files = import.meta.glob<string>('./*.safetensors', { query: '?url&inline', import: 'default' })
const known = new Map<string, Promise<Classifier>>()

export const classifierName = (dataset: string, size: number) => `${dataset}-${size}`

export async function classifierFor(dataset: string, size: number): Promise<Classifier | null> {
  const name = classifierName(dataset, size)
  const file = files[`./${name}.safetensors`]
  if (!file) return null
  if (!known.has(name)) known.set(name, file().then(url => decodeClassifier(Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), character => character.charCodeAt(0)))))
  return known.get(name)!
}
