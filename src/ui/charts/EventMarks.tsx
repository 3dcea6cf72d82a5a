import { usePlotArea, useXAxisScale } from 'recharts'
import type { RunEvent } from '../../protocol.ts'
import { fields } from '../controls/fields.ts'

const titles = new Map(Object.values(fields).flat().map(({ field, title }) => [field, title]))

/** A numbered line for every live change; the numbers are told below the chart. */
export function EventMarks({ events, numbered = true }: { events: readonly RunEvent[]; numbered?: boolean }) {
  const plot = usePlotArea()
  const xScale = useXAxisScale()
  if (!plot || !xScale) return null
  return (
    <g className="event-marks" aria-hidden="true">
      {events.map((event, i) => {
        const x = xScale(event.step)
        if (x === undefined || x < plot.x - 1 || x > plot.x + plot.width + 1) return null
        return (
          <g key={`${event.step} ${event.label}`}>
            <path d={`M${x} ${plot.y}V${plot.y + plot.height}`} />
            {numbered && <text x={x} y={plot.y - 4} textAnchor="middle">{i + 1}</text>}
          </g>
        )
      })}
    </g>
  )
}

/** The worker names fields as the schema's keys; the page knows them by their titles. */
function inWords(label: string): string {
  return label.replace(/^\w+(?= → )/, (name) => titles.get(name) ?? name)
}

/** The marks in words, the latest first; the table holds them all. */
export function eventSentence(events: readonly RunEvent[]): string {
  const last = events.map((event, i) => `${i + 1}: ${inWords(event.label)} at step ${event.step}`).slice(-2)
  if (last.length === 0) return ''
  return `Changes ${events.length > last.length ? '… ' : ''}${last.join('; ')}.`
}
