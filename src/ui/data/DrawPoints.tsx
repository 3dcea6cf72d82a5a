import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import { GRID, drawingId, drawingProblem, type Stroke } from '../../store/catalog.ts'
import { takeDrawing } from '../../store/data.ts'
import { useMedia } from '../useMedia.ts'
import { useUi } from '../../store/ui.ts'
import styles from './Data.module.css'

const CLASSES = ['First', 'Second', 'Third', 'Fourth']
/** Places on the grid that a stroke passes before it gets another point. */
const APART = 2

/** A few strokes as a data set of points: with the pointer, or with arrow keys and space. */
export function DrawPoints() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [strokes, setStrokes] = useState<Stroke[]>([])
  const [own, setOwn] = useState(0)
  const [pen, setPen] = useState<[number, number] | null>(null)
  const theme = useUi((state) => state.theme)
  const dark = useMedia('(prefers-color-scheme: dark)')
  useEffect(() => paint(canvas.current!, strokes, pen), [strokes, pen, theme, dark])

  const placeOf = (event: PointerEvent<HTMLElement>): [number, number] => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect()
    const at = (share: number) => Math.min(GRID - 1, Math.max(0, Math.round(share * GRID - 0.5)))
    return [at((event.clientX - left) / width), at(1 - (event.clientY - top) / height)]
  }
  const begin = (event: PointerEvent<HTMLElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId)
    const place = placeOf(event)
    setStrokes((now) => [...now, { class: own, points: [place] }])
  }
  const move = (event: PointerEvent<HTMLElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const [x, y] = placeOf(event)
    setStrokes((now) => {
      const last = now.at(-1)!
      const [beforeX, beforeY] = last.points.at(-1)!
      return Math.hypot(x - beforeX, y - beforeY) < APART ? now : [...now.slice(0, -1), { ...last, points: [...last.points, [x, y]] }]
    })
  }
  const press = (event: KeyboardEvent) => {
    const step = { ArrowLeft: [-2, 0], ArrowRight: [2, 0], ArrowUp: [0, 2], ArrowDown: [0, -2] }[event.key]
    if (!step && event.key !== ' ') return
    event.preventDefault()
    const [x, y] = pen ?? [GRID / 2, GRID / 2]
    if (step) setPen([x + step[0], y + step[1]].map((at) => Math.min(GRID - 1, Math.max(0, at))) as [number, number])
    else setStrokes([...strokes, { class: own, points: [[x, y]] }])
  }
  const id = drawingId(strokes)
  const problem = strokes.length === 0 ? null : drawingProblem(id)
  const count = strokes.reduce((sum, { points }) => sum + points.length, 0)
  return (
    <section aria-label="Draw points" className={styles.drawing}>
      <h3>Or draw points of the plane</h3>
      <button
        type="button" className={styles.board}
        aria-label={`Drawing of ${count} points. Arrow keys move the pen, space puts a point of the ${CLASSES[own].toLowerCase()} class.`}
        onPointerDown={begin} onPointerMove={move} onKeyDown={press} onFocus={() => setPen(pen ?? [GRID / 2, GRID / 2])} onBlur={() => setPen(null)}
      >
        <canvas ref={canvas} aria-hidden="true" />
      </button>
      <div className={styles.classes} role="radiogroup" aria-label="Class">
        {CLASSES.map((name, c) => (
          <label key={name}><input type="radio" name="drawn-class" checked={own === c} onChange={() => setOwn(c)} /><span style={{ color: `var(--class-${c})` }} aria-hidden="true">●</span> {name}</label>
        ))}
      </div>
      <output>{problem && `${problem[0].toUpperCase()}${problem.slice(1)}.`}</output>
      <p className={styles.row}>
        <button type="button" className="primary" disabled={strokes.length === 0 || problem !== null} onClick={() => takeDrawing(id)}>Use it</button>
        <button type="button" disabled={strokes.length === 0} onClick={() => setStrokes(strokes.slice(0, -1))}>Undo</button>
        <button type="button" disabled={strokes.length === 0} onClick={() => setStrokes([])}>Clear</button>
      </p>
      <p className={styles.formats}>The drawing is part of the settings: a link to them has it.</p>
    </section>
  )
}

function paint(canvas: HTMLCanvasElement, strokes: readonly Stroke[], pen: [number, number] | null): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const size = 256 * Math.min(2, devicePixelRatio)
  canvas.width = canvas.height = size
  const ink = (name: string) => getComputedStyle(canvas).getPropertyValue(name).trim()
  const at = ([x, y]: readonly [number, number]) => [((x + 0.5) * size) / GRID, size - ((y + 0.5) * size) / GRID] as const
  context.lineWidth = size / 40
  context.lineCap = context.lineJoin = 'round'
  for (const { class: own, points } of strokes) {
    context.strokeStyle = ink(`--class-${own}`)
    context.beginPath()
    context.moveTo(...at(points[0]))
    for (const point of points) context.lineTo(...at(point))
    context.stroke()
  }
  if (!pen) return
  const [x, y] = at(pen)
  context.strokeStyle = ink('--ink-3')
  context.lineWidth = size / 200
  context.beginPath()
  context.moveTo(x - size / 24, y)
  context.lineTo(x + size / 24, y)
  context.moveTo(x, y - size / 24)
  context.lineTo(x, y + size / 24)
  context.stroke()
}
