/**
 * Points drawn by hand: strokes of up to four classes on a grid of 64 × 64. The drawing is the id of its data set, so that settings, links and files have
 * it: `drawn-` and the strokes with dots between, each a digit for its class and two letters for each of its points, across and up.
 */
import { definePoints } from './points.ts'
import type { Dataset } from './dataset.ts'

export const GRID = 64
const MOST_POINTS = 1500
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const PREFIX = 'drawn-'
const NAMES = ['first', 'second', 'third', 'fourth']
/** Points lie about a stroke with this standard deviation. */
const WIDTH = 0.05
/** A dot counts as a stroke of this length. */
const DOT = 0.2

export interface Stroke {
  class: number
  /** Places on the grid, from the lower left. */
  points: [across: number, up: number][]
}

export const isDrawn = (id: string) => id.startsWith(PREFIX)

export const drawingId = (strokes: readonly Stroke[]) => `${PREFIX}${strokes.map(({ class: own, points }) => `${own}${points.map(([x, y]) => LETTERS[x] + LETTERS[y]).join('')}`).join('.')}`

function strokesOf(id: string): Stroke[] | null {
  if (!/^drawn-[0-3]([\w-]{2})+(\.[0-3]([\w-]{2})+)*$/.test(id)) return null
  return id.slice(PREFIX.length).split('.').map(text => ({
    class: Number(text[0]),
    points: Array.from({ length: (text.length - 1) / 2 }, (_, i) => [LETTERS.indexOf(text[2 * i + 1]), LETTERS.indexOf(text[2 * i + 2])] as [number, number]),
  }))
}

const countOf = (strokes: readonly Stroke[]) => strokes.reduce((sum, { points }) => sum + points.length, 0)

/** Why there is nothing to learn from a drawing, in one sentence; null when there is. */
export function drawingProblem(id: string): string | null {
  const strokes = strokesOf(id)
  if (!strokes) return 'this is no drawing; strokes with dots between are expected, each a digit from 0 to 3 and two letters for each point'
  const count = countOf(strokes)
  if (new Set(strokes.flatMap(({ points }) => points.map(String))).size < 2) return 'a drawing of one point has nothing to learn; draw a line, or two points or more in different places'
  return count > MOST_POINTS ? `a drawing of ${count.toLocaleString('en')} points is too fine; at most ${MOST_POINTS.toLocaleString('en')} are taken` : null
}

/** undefined where there is nothing to learn. */
export function drawnDataset(id: string): Dataset | undefined {
  const strokes = strokesOf(id)
  if (!strokes || drawingProblem(id)) return undefined
  const known = [...new Set(strokes.map(({ class: own }) => own))].sort()
  const classes = known.map(own => piecesOf(strokes.filter(stroke => stroke.class === own)))
  return definePoints({
    id,
    label: 'Your drawing',
    summary: `Points about ${strokes.length === 1 ? 'a stroke' : `${strokes.length} strokes`} drawn by hand.`,
    classes: known.map(own => NAMES[own]),
    from: ['along', 'right', 'up'],
    extent: 2.5,
    draw(random, latents) {
      latents[1] = random.uniform()
      latents[2] = WIDTH * random.normal()
      latents[3] = WIDTH * random.normal()
    },
    place([own, along, right, up]) {
      const [x, y] = placeAlong(classes[own], along)
      return [x + right, y + up]
    },
  })
}

interface Piece {
  from: readonly [number, number]
  to: readonly [number, number]
  length: number
}

function piecesOf(strokes: readonly Stroke[]): Piece[] {
  const at = ([x, y]: [number, number]) => [(4 * x) / (GRID - 1) - 2, (4 * y) / (GRID - 1) - 2] as const
  return strokes.flatMap(({ points }) => (points.length === 1 ? [{ from: at(points[0]), to: at(points[0]), length: DOT }] : points.slice(1).map((point, i) => {
    const [from, to] = [at(points[i]), at(point)]
    return { from, to, length: Math.hypot(to[0] - from[0], to[1] - from[1]) }
  })))
}

/** Where a share of all the length ends. */
function placeAlong(pieces: readonly Piece[], share: number): [number, number] {
  let left = share * pieces.reduce((sum, { length }) => sum + length, 0)
  for (const { from, to, length } of pieces) {
    if (left <= length) {
      const part = length > 0 ? left / length : 0
      return [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]
    }
    left -= length
  }
  return [...pieces.at(-1)!.to]
}
