import type { MarkerShape } from './series.ts'

interface Props {
  shape: MarkerShape
  x: number
  y: number
  /** Half the side. */
  size?: number
  colour: string
  hollow?: boolean
}

/** The same four marks on lines, at line ends and in the legend. */
export function Marker({ shape, x, y, size = 4, colour, hollow = false }: Props) {
  const paint = hollow ? { fill: 'var(--surface)', stroke: colour, strokeWidth: 1.25 } : { fill: colour }
  if (shape === 'circle') return <circle cx={x} cy={y} r={size} {...paint} />
  const s = size
  const path = {
    square: `M${x - s} ${y - s}h${2 * s}v${2 * s}h${-2 * s}Z`,
    triangle: `M${x} ${y - s * 1.2}L${x + s * 1.2} ${y + s}H${x - s * 1.2}Z`,
    diamond: `M${x} ${y - s * 1.4}L${x + s * 1.4} ${y}L${x} ${y + s * 1.4}L${x - s * 1.4} ${y}Z`,
  }[shape]
  return <path d={path} {...paint} />
}
