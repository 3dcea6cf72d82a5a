/** What there is to show of one diagnostic: what was measured, what theory says of the settings on the page, or both on the same axes. */
import { useEffect, useMemo } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { Measurement, Panel, Reading, Settings } from '../../panel.ts'
import { diagnosticOf } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { askTheory } from '../../store/measuring.ts'
import { measuredAt, sameSettings, settingsOf } from '../../store/measurements.ts'
import { useRun } from '../../store/run.ts'
import { useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'
import { withBeside } from '../charts/overlay.ts'
import { useBesideRuns } from '../charts/series.ts'
import { fieldsOf } from '../controls/fields.ts'

export interface Shown {
  panels: Panel[]
  /** The measurement behind the replicas' lines; null when there is none. */
  measurement: Measurement | null
  /** The draft's settings. */
  settings: Settings
  /** Same panels at all steps, while they are replayed. */
  history?: Measurement[]
}

const none: Measurement[] = []

export function useShown(id: string): Shown {
  const settings = useDraft(useShallow(({ config }) => settingsOf(config, id)))
  const list = useShownRun(({ measurements }) => measurements[id] ?? none)
  const theory = useRun((state) => state.theory[id] ?? null)
  const replayed = useUi((state) => state.replayed)
  useTheory(id, settings, theory)
  const beside = useBesideRuns()
  return useMemo(() => {
    const measurement = measuredAt(list, replayed)
    const own = replayed !== null && measurement ? measurement.panels : panelsOf(measurement, theory)
    const others = beside.flatMap(({ seen, offset, name }) => {
      const theirs = measuredAt(seen.measurements[id], replayed)
      return theirs ? [{ measurement: theirs, offset, name }] : []
    })
    return { panels: panelsBeside(own, measurement?.settings ?? settings, others).map(renamed), measurement, settings, history: replayed === null ? undefined : list }
  }, [id, list, theory, replayed, settings, beside])
}

/** Titles that older runs still have. */
const newTitles: Record<string, string> = { 'How much the answer must move when the input does, and does': 'Slope: demanded and reached' }
const renamed = (panel: Panel): Panel => (newTitles[panel.title] ? { ...panel, title: newTitles[panel.title] } : panel)

/** Without those panels that another stands for, by what answers are read as. */
export function useRead(panels: readonly Panel[]): Panel[] {
  const wanted = useUi((state) => state.reading)
  return useMemo(() => readAs(panels, wanted), [panels, wanted])
}

/** Of panels that say the same of velocity and of denoiser the one that is wanted, or the first. */
export function readAs(panels: readonly Panel[], wanted: Reading | null): Panel[] {
  return panels.filter((panel) => {
    const own = panel.reading
    if (!own) return true
    const alike = panels.filter(({ reading }) => reading?.of === own.of)
    return panel === (alike.find(({ reading }) => reading!.as === wanted) ?? alike[0])
  })
}

/** Keeps theory up with the sliders. */
function useTheory(id: string, settings: Settings, theory: Measurement | null): void {
  useEffect(() => {
    if (!diagnosticOf(id)?.withoutRun || (theory && sameSettings(theory.settings, settings))) return
    const timer = setTimeout(() => askTheory(id, settings), 60)
    return () => clearTimeout(timer)
    // An answer that does not fit is a reason to ask again only once the settings have moved.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [id, settings])
}

/** A replica's lines stay on the axes while the theory behind them follows the sliders, and a note says what they were measured with. */
export function panelsOf(measurement: Measurement | null, theory: Measurement | null): Panel[] {
  if (!measurement) return theory?.panels ?? []
  if (!theory || sameSettings(theory.settings, measurement.settings)) return measurement.panels
  const others = measurement.panels.filter(({ id }) => !theory.panels.some((panel) => panel.id === id))
  return [...theory.panels.map((panel): Panel => {
    const measured = measurement.panels.find(({ id }) => id === panel.id)
    const own = measured?.curves.filter(({ replica }) => replica !== null) ?? []
    if (!measured || own.length === 0) return panel
    return { ...panel, curves: [...panel.curves, ...own], spread: measured.spread, notes: [...panel.notes, `The replicas’ lines were measured with ${differences(measurement, theory.settings)}.`] }
  }), ...others]
}

/** Panels with what was measured of other runs; a panel that only they have stands at the end. */
export function panelsBeside(own: Panel[], settings: Settings, others: readonly { measurement: Measurement; offset: number; name: string }[]): Panel[] {
  if (others.length === 0) return own
  const ids = [...new Set([...own, ...others.flatMap(({ measurement }) => measurement.panels)].map(({ id }) => id))]
  return ids.map((id) => {
    const parts = others.flatMap(({ measurement, offset, name }) => {
      const panel = measurement.panels.find((one) => one.id === id)
      const note = sameSettings(measurement.settings, settings) ? [] : [`measured with ${differences(measurement, settings)}.`]
      return panel ? [{ panel: { ...panel, notes: [...panel.notes, ...note] }, offset, name }] : []
    })
    const first = own.find((panel) => panel.id === id)
    return withBeside(first ?? { ...parts[0].panel, curves: [], notes: [] }, parts)
  })
}

/** The settings in which a measurement differs from others, in the words of the controls. */
export function differences({ id, settings }: Measurement, from: Settings): string {
  const diagnostic = diagnosticOf(id)
  const fields = diagnostic ? fieldsOf(diagnostic.settings) : []
  return fields.filter(({ field }) => settings[field] !== from[field]).map(({ field, title }) => `${title} ${settings[field]}`).join(', ') || 'other settings'
}
