import { usePlotArea, useXAxisScale } from 'recharts'
import type { RunEvent } from '../../protocol.ts'
import { spread } from './endLabels.ts'
import { fields } from '../controls/fields.ts'

const titles = new Map(Object.values(fields).flat().map(({ field, title }) => [field, title]))

/** A numbered line for every live change; the numbers are told below the chart. */
export function EventMarks({ events, numbered = true }: { events: readonly RunEvent[]; numbered?: boolean }) {
  const plot = usePlotArea()
  const xScale = useXAxisScale()
  if (!plot || !xScale) return null
  const right = plot.x + plot.width
  const places = events.map(({ step }) => Math.min(right, xScale(step) ?? right))
  const numbers = spread(places, 14, plot.x, right)
  return (
    <g className="event-marks" aria-hidden="true">
      {events.map((event, i) => (
        <g key={`${i} ${event.label}`}>
          <path d={`M${places[i]} ${plot.y}V${plot.y + plot.height}`} />
          {numbered && <text x={numbers[i]} y={plot.y - 4} textAnchor="middle">{i + 1}</text>}
        </g>
      ))}
    </g>
  )
}

/** The worker names fields as the schema's keys; the page knows them by their titles. */
function inWords(label: string): string {
  return label.replace(/(?<=^|: )\w+(?= → )/, (name) => titles.get(name) ?? name)
}

/** The marks in words, the latest first; the table holds them all. */
export function eventSentence(events: readonly RunEvent[]): string {
  const last = events.map((event, i) => `${i + 1}: ${inWords(event.label)} at step ${event.step}`).slice(-2)
  if (last.length === 0) return ''
  return `Changes ${events.length > last.length ? '… ' : ''}${last.join('; ')}.`
}
