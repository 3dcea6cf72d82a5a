/** WGSL structs as the CPU sees them: the shader file is the only place that states fields and offsets. */
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'
import { shaderSource } from './specialise.ts'

export interface StructLayout {
  /** 4-byte words of one element of an array of this struct. */
  words: number
  fields: { name: string; word: number; type: 'u32' | 'f32' }[]
}

/** The struct `name` of shaders/`file`; every field is a u32 or an f32. */
export function structLayout(file: string, name: string): StructLayout {
  const struct = new WgslReflect(shaderSource(file)).structs.find(s => s.name === name)
  if (!struct) throw new Error(`shaders/${file} has no struct ${name}`)
  return { words: struct.size / 4, fields: struct.members.map(m => ({ name: m.name, word: m.offset / 4, type: m.type.name as 'u32' | 'f32' })) }
}

/** One element. @throws when a field is missing or unknown */
export function packStruct(layout: StructLayout, values: Record<string, number>): Uint32Array {
  const words = new Uint32Array(layout.words)
  const floats = new Float32Array(words.buffer)
  const unknown = new Set(Object.keys(values))
  for (const { name, word, type } of layout.fields) {
    if (values[name] === undefined) throw new Error(`field ${name} is missing`)
    unknown.delete(name)
    if (type === 'f32') floats[word] = values[name]
    else words[word] = values[name]
  }
  if (unknown.size > 0) throw new Error(`there is no field ${[...unknown].join(', ')}`)
  return words
}

export function unpackStruct(layout: StructLayout, words: Uint32Array, at = 0): Record<string, number> {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length)
  return Object.fromEntries(layout.fields.map(({ name, word, type }) => [name, type === 'f32' ? floats[at + word] : words[at + word]]))
}
