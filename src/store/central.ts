/** Which diagnostics stand in the overview, beside loss and samples, and in which order those of one subject. */
import { useMemo } from 'react'
import type { Config } from '../config.ts'
import { datasetOf, diagnosticChoices, diagnosticOf, refusalOf } from './catalog.ts'
import { useDraft } from './draft.ts'
import { everyOf, settingsOf } from './measurements.ts'
import { shownNow, useShownRun } from './shown.ts'
import { useUi } from './ui.ts'

/** As many as there is room for beside loss and samples. */
const most = 4

/** What there is to see of the run shown. */
interface Seen {
  /** Its settings; undefined while there is none. */
  config?: Config
  recorded: boolean
  /** Ids of what was measured of it. */
  measured: readonly string[]
}

/**
 * Those with something to see: of a recorded run what was measured or needs no net, else what a run of these settings measures by itself or has
 * measured, most often first; where that is none, whatever can be measured. In the order of the tabs, but points of the plane first.
 */
export function usual(drafted: Config, { config = drafted, recorded, measured }: Seen): string[] {
  const pace = (id: string) => everyOf(drafted, id) || Infinity
  const possible = diagnosticChoices.filter(({ id }) => refusalOf(id, config, settingsOf(drafted, id)) === null)
  const seen = possible.filter(({ id, withoutRun }) => measured.includes(id) || (pace(id) < Infinity && (!recorded || withoutRun)))
  const chosen = (seen.length > 0 ? seen : possible).toSorted((a, b) => Math.sign(pace(a.id) - pace(b.id)) || a.order - b.order).slice(0, most)
  return chosen.toSorted((a, b) => Number(b.id === 'plane') - Number(a.id === 'plane') || a.order - b.order).map(({ id }) => id)
}

/** In the order of the tabs; the usual ones for whatever is no list. What the browser kept may name a diagnostic that is gone, or be anything at all. */
export function centralOf(kept: unknown, otherwise: string[]): string[] {
  if (!Array.isArray(kept)) return otherwise
  return diagnosticChoices.map(({ id }) => id).filter((id) => kept.includes(id))
}

export function useCentral(): string[] {
  const kept = useUi(({ central }) => central)
  const drafted = useDraft(({ config }) => config)
  const config = useShownRun(({ tick }) => tick?.config)
  const recorded = useShownRun(({ record }) => record !== null)
  const measured = useShownRun(({ measurements }) => Object.keys(measurements).join(' '))
  return useMemo(() => centralOf(kept, usual(drafted, { config, recorded, measured: measured.split(' ') })), [kept, drafted, config, recorded, measured])
}

/** Whether what is shown are points of the plane, which have a picture of their own and are no images. */
export function usePoints(): boolean {
  const drafted = useDraft(({ config }) => config.data.dataset)
  const shown = useShownRun(({ tick }) => tick?.config.data.dataset)
  return datasetOf(shown ?? drafted)?.plane !== undefined
}

export function setCentral(id: string, shown: boolean): void {
  if (!diagnosticOf(id)) return
  const { tick, record, measurements } = shownNow()
  const otherwise = usual(useDraft.getState().config, { config: tick?.config, recorded: record !== null, measured: Object.keys(measurements) })
  useUi.setState(({ central }) => {
    const others = centralOf(central, otherwise).filter((other) => other !== id)
    return { central: shown ? [...others, id] : others }
  })
}

/** Views of one subject as they stand beside each other, refused ones last, and the one that opens: the first with something to see, else the first that can have it. */
export function arranged<View extends { name: string }>(views: readonly View[], refused: ReadonlySet<string>, seen: ReadonlySet<string>): { views: View[]; opens: View } {
  const ordered = views.toSorted((a, b) => Number(refused.has(a.name)) - Number(refused.has(b.name)))
  return { views: ordered, opens: ordered.find(({ name }) => seen.has(name) && !refused.has(name)) ?? ordered[0] }
}
