import { short } from '../numbers.ts'

export interface TooltipRow {
  label: string
  colour: string
  text: string
}

interface Props {
  active?: boolean
  /** Given by the chart: the value on the x axis. */
  label?: unknown
  name: string
  rows: (x: number) => TooltipRow[]
  write?: (x: number) => string
}

/** Our own, for two reasons: the stock one prints raw floats, and it interrupts screen readers at every tick. */
export function ChartTooltip({ active, label, name, rows, write = short }: Props) {
  if (!active || typeof label !== 'number') return null
  return (
    <div className="tooltip">
      <strong>{name} {write(label)}</strong>
      {rows(label).map((row) => (
        <div key={row.label}>
          <i style={{ background: row.colour }} />
          <span>{row.label}</span>
          <b>{row.text}</b>
        </div>
      ))}
    </div>
  )
}
