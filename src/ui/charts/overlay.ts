/** Other runs on the charts of the one that they are about. Pure. */
import type { Curve, Panel } from '../../panel.ts'
import type { RunEvent } from '../../protocol.ts'

/** The same panel of a run beside, with the place of its first replica among all. */
export interface PanelBeside {
  panel: Panel
  offset: number
  name: string
}

/** Replicas take their places behind those before; theory that differs, as where T_min does, is named after its run. */
export function withBeside(panel: Panel, others: readonly PanelBeside[]): Panel {
  return others.reduce((whole, { panel: other, offset, name }): Panel => {
    const curves = other.curves.flatMap((curve): Curve[] => {
      if (curve.replica !== null) return [{ ...curve, replica: curve.replica + offset }]
      return whole.curves.some((known) => sameTheory(known, curve)) ? [] : [{ ...curve, label: [curve.label, name].filter(Boolean).join(' ') }]
    })
    const notes = other.notes.filter((note) => !whole.notes.includes(note))
    return { ...whole, curves: [...whole.curves, ...curves], notes: [...whole.notes, ...notes.map((note) => `${name}: ${note}`)] }
  }, panel)
}

function sameTheory(a: Curve, b: Curve): boolean {
  return a.replica === null && a.kind === b.kind && a.label === b.label && a.x.length === b.x.length && a.x.every((x, i) => x === b.x[i] && a.y[i] === b.y[i])
}

/** Every change that was made under way, each with its run where that is not the one that the charts are about; by step. */
export function eventsOf(own: readonly RunEvent[], others: readonly { events: readonly RunEvent[]; name: string }[]): readonly RunEvent[] {
  if (others.every(({ events }) => events.length === 0)) return own
  return [...own, ...others.flatMap(({ events, name }) => events.map(({ step, label }) => ({ step, label: `${name}: ${label}` })))].sort((a, b) => a.step - b.step)
}
