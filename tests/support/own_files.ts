/** Tiny files of every format in which people have their images. */
import { encode as encodePng } from 'fast-png'
import { gzipSync, zipSync } from 'fflate'
import { createTar } from 'nanotar'
import type { GivenFile } from '../../src/lab/own/source.ts'

export const given = (path: string, bytes: Uint8Array): GivenFile => ({ path, bytes: async () => bytes })

/** Image i of a set, as a number for each of its pixels: every format is filled from it. */
export const pixel = (i: number, c: number, p: number) => (37 * i + 91 * c + 5 * p) % 256

/** `count` CIFAR-10 records; label i % 10. */
export function cifar(count: number, first = 0): Uint8Array {
  const bytes = new Uint8Array(count * 3073)
  for (let i = 0; i < count; i++) {
    bytes[i * 3073] = (first + i) % 10
    for (let c = 0; c < 3; c++) for (let p = 0; p < 1024; p++) bytes[i * 3073 + 1 + c * 1024 + p] = pixel(first + i, c, p)
  }
  return bytes
}

export function idx(shape: number[], value: (i: number) => number): Uint8Array {
  const length = shape.reduce((a, b) => a * b, 1)
  const bytes = new Uint8Array(4 + 4 * shape.length + length)
  bytes.set([0, 0, 8, shape.length])
  shape.forEach((size, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, size))
  for (let i = 0; i < length; i++) bytes[4 + 4 * shape.length + i] = value(i)
  return bytes
}

/** Pictures in folders `first` and `second`, grey or coloured, with distinct sides. */
export function pictures(count: number, channels: 1 | 3, width = 10, height = 8): Record<string, Uint8Array> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => {
    const data = Uint8Array.from({ length: width * height * channels }, (__, k) => pixel(i, k % channels, Math.floor(k / channels)))
    return [`set/${i % 2 === 0 ? 'first' : 'second'}/${i}.png`, encodePng({ width, height, channels, depth: 8, data })]
  }))
}

export const zip = (files: Record<string, Uint8Array>) => zipSync(files)
export const gzip = (bytes: Uint8Array) => gzipSync(bytes)
export const tar = (files: Record<string, Uint8Array>) => createTar(Object.entries(files).map(([name, data]) => ({ name, data })))
