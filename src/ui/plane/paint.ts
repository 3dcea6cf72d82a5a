/** Paints points, the ways they came and the velocity around them on a plain 2-D canvas. */
import type { PlaneView, PlaneViews, Reading } from '../../panel.ts'

export interface Layers {
  arrows: boolean
  ways: boolean
  density: boolean
}

export interface Inks {
  ground: string
  faint: string
  line: string
  classes: readonly string[]
}

/** The page's own colours, of the theme it has now. */
export function inksOf(element: Element): Inks {
  const style = getComputedStyle(element)
  const ink = (name: string) => style.getPropertyValue(name).trim()
  return { ground: ink('--surface'), faint: ink('--control-line'), line: ink('--ink-3'), classes: Array.from({ length: 8 }, (_, c) => ink(`--class-${c}`)) }
}

export const classInk = ({ classes }: Inks, c: number): string => classes[c % classes.length]

/** Least pixels of a side, whatever the screen's density. */
const POINT = 1.9
const DOT = 1.5
const ANSWER = 2.6
const RING = 5
/** Pixels of a soft spot of the density. */
const SPOT = 18

/** Between levels as between their neighbours: index 3.25 is a quarter of the way from the fourth level to the fifth. */
export function between(values: ArrayLike<number>, length: number, index: number, at: number): number {
  const low = Math.min(Math.floor(index), Math.floor(values.length / length) - 1)
  const share = index - low
  const here = values[low * length + at]
  return share > 0 ? (1 - share) * here + share * values[(low + 1) * length + at] : here
}

/** Length of a typical velocity of the nets at each level, in which arrows of all views are drawn; that of a theory has no bound near t = 0. */
export function speeds({ t, views }: Pick<PlaneViews, 't' | 'views'>): number[] {
  return t.map((_, level) => {
    const lengths = views.flatMap(({ arrows, replica }) => {
      if (!arrows || replica === null) return []
      const each = arrows.length / t.length
      return Array.from({ length: each / 2 }, (_, i) => Math.hypot(arrows[level * each + 2 * i], arrows[level * each + 2 * i + 1])).filter(Number.isFinite)
    }).sort((a, b) => a - b)
    return lengths[Math.floor(0.8 * lengths.length)] ?? 1
  })
}

/** How many points of a view stand outside the frame. */
export function outside({ extent, view: { ways, classes }, index }: Pick<Scene, 'extent' | 'view' | 'index'>): number {
  const beyond = (at: number) => Math.abs(between(ways, 2 * classes.length, index, at)) > extent
  return classes.filter((_, i) => beyond(2 * i) || beyond(2 * i + 1)).length
}

export interface Scene extends Pick<PlaneViews, 'extent' | 'side' | 'data'> {
  view: PlaneView
  /** Place among the levels, 0 for t = 1; may lie between two. */
  index: number
  speeds: readonly number[]
  layers: Layers
  /** What arrows tell, where a view knows both. */
  reading: Reading
  inks: Inks
}

/** Draws on a square of `size` pixels. */
export function paintPlane(context: CanvasRenderingContext2D, size: number, { extent, side, data, view, index, speeds: typical, layers, reading, inks }: Scene): void {
  const across = (x: number) => ((x / extent + 1) * size) / 2
  const down = (y: number) => ((1 - y / extent) * size) / 2
  context.clearRect(0, 0, size, size)
  context.fillStyle = inks.faint
  for (let i = 0; i < data.length; i += 2) context.fillRect(across(data[i]) - DOT / 2, down(data[i + 1]) - DOT / 2, DOT, DOT)

  const { ways, classes, arrows, answers, mark } = view
  const length = 2 * classes.length
  const place = (i: number): [number, number] => [across(between(ways, length, index, 2 * i)), down(between(ways, length, index, 2 * i + 1))]
  if (layers.density) {
    const spot = spotOf(inks.line)
    context.globalAlpha = Math.min(0.5, 24 / classes.length)
    for (let i = 0; i < classes.length; i++) {
      const [x, y] = place(i)
      context.drawImage(spot, x - SPOT, y - SPOT)
    }
    context.globalAlpha = 1
  }
  if (layers.ways) {
    context.lineWidth = 0.8
    context.globalAlpha = 0.28
    for (const own of new Set(classes)) {
      context.strokeStyle = classInk(inks, own)
      context.beginPath()
      for (let i = 0; i < classes.length; i++) {
        if (classes[i] !== own) continue
        context.moveTo(across(ways[2 * i]), down(ways[2 * i + 1]))
        for (let level = 1; level <= index; level++) context.lineTo(across(ways[level * length + 2 * i]), down(ways[level * length + 2 * i + 1]))
        context.lineTo(...place(i))
      }
      context.stroke()
    }
    context.globalAlpha = 1
  }
  if (layers.arrows && answers && reading === 'denoiser') paintAnswers(context, { size, side, index, answers, ink: inks.line, across, down })
  else if (layers.arrows && arrows) {
    const cell = size / side
    const unit = (0.75 * cell) / (between(typical, 1, index, 0) || 1)
    context.strokeStyle = inks.line
    context.lineWidth = 0.9
    context.beginPath()
    for (let i = 0; i < side * side; i++) {
      // Points go towards less noise, against the velocity.
      let [x, y] = [-between(arrows, 2 * side * side, index, 2 * i) * unit, between(arrows, 2 * side * side, index, 2 * i + 1) * unit]
      const long = Math.hypot(x, y)
      if (!(long > 0.5)) continue
      const most = Math.min(1, (1.2 * cell) / long)
      x *= most
      y *= most
      const [fromX, fromY] = [((i % side) + 0.5) * cell - x / 2, size - (Math.floor(i / side) + 0.5) * cell - y / 2]
      context.moveTo(fromX, fromY)
      context.lineTo(fromX + x, fromY + y)
      const head = Math.min(4, 0.4 * long * most) / (long * most)
      context.moveTo(fromX + x - head * (x - 0.6 * y), fromY + y - head * (y + 0.6 * x))
      context.lineTo(fromX + x, fromY + y)
      context.lineTo(fromX + x - head * (x + 0.6 * y), fromY + y - head * (y - 0.6 * x))
    }
    context.stroke()
  }
  for (let i = 0; i < classes.length; i++) {
    const [x, y] = place(i)
    context.fillStyle = classInk(inks, classes[i])
    context.beginPath()
    context.arc(x, y, POINT, 0, 2 * Math.PI)
    context.fill()
  }
  if (layers.arrows && mark) {
    context.strokeStyle = inks.line
    context.lineWidth = 1.6
    context.beginPath()
    context.arc(across(mark[0]), down(mark[1]), RING, 0, 2 * Math.PI)
    context.stroke()
  }
}

interface Answers {
  size: number
  side: number
  index: number
  /** (levels,side²,2) */
  answers: Float32Array
  ink: string
  across(x: number): number
  down(y: number): number
}

/** From the middle of each square to the clean point that the answer there amounts to. */
function paintAnswers(context: CanvasRenderingContext2D, { size, side, index, answers, ink, across, down }: Answers): void {
  const cell = size / side
  const ends = Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [0, 1].map((axis) => between(answers, 2 * side * side, index, 2 * i + axis))
    return { from: [((i % side) + 0.5) * cell, size - (Math.floor(i / side) + 0.5) * cell], to: [across(x), down(y)] } as const
  }).filter(({ to }) => to.every(Number.isFinite))
  context.strokeStyle = context.fillStyle = ink
  context.lineWidth = 0.6
  context.globalAlpha = 0.45
  context.beginPath()
  for (const { from, to } of ends) {
    context.moveTo(...from)
    context.lineTo(...to)
  }
  context.stroke()
  context.globalAlpha = 1
  for (const { to: [x, y] } of ends) context.fillRect(x - ANSWER / 2, y - ANSWER / 2, ANSWER, ANSWER)
}

const spots = new Map<string, HTMLCanvasElement>()

function spotOf(colour: string): HTMLCanvasElement {
  const known = spots.get(colour)
  if (known) return known
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 2 * SPOT
  const context = canvas.getContext('2d')!
  const soft = context.createRadialGradient(SPOT, SPOT, 0, SPOT, SPOT, SPOT)
  soft.addColorStop(0, colour)
  soft.addColorStop(1, 'transparent')
  context.fillStyle = soft
  context.fillRect(0, 0, 2 * SPOT, 2 * SPOT)
  spots.set(colour, canvas)
  return canvas
}
