/** What a reader makes of files: images as they stand there, with labels. Nothing is resized or copied yet. */

/** A file, or an entry of an archive. */
export interface GivenFile {
  /** With its folders, separated by `/`. */
  path: string
  bytes(): Promise<Uint8Array>
}

export interface Picture {
  width: number
  height: number
  /** (ch,h,w), 0 black to 255 */
  planes: Uint8Array
}

export interface Source {
  /** The format in words. */
  kind: string
  classes: string[]
  /** (N), index of the class */
  labels: Uint8Array
  /** 1 for images that the files themselves hold out (N); null when they say nothing of it. */
  heldOut: Uint8Array | null
  channels: 1 | 3
  /** Of each image, or the least of all where they differ. */
  width: number
  height: number
  notes: string[]
  /** @throws ConfigError with one sentence when image i is damaged */
  picture(i: number): Picture | Promise<Picture>
}

/** Images of one set: what the largest run trains on and holds out. */
export const MOST_IMAGES = 262_144 + 65_536
/** A training and a held-out set have at least this many images each. */
export const LEAST = 16
/** Labels are bytes. */
export const MOST_CLASSES = 256
/** Longest side of an image that is read. */
export const LONGEST_SIDE = 4096
/** Least side of an image. */
export const SHORTEST_SIDE = 2
/** Longest side of an image that is kept. */
export const LARGEST = 256
/** Bytes that files may unpack to, together. */
export const MOST_UNPACKED = 2 ** 30

export const said = (number: number) => number.toLocaleString('en')
export const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)
