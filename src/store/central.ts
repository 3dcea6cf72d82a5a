/** Which diagnostics stand in the overview, beside loss and samples, and in which order those of one subject. */
import { diagnosticChoices, diagnosticOf } from './catalog.ts'
import { useUi } from './ui.ts'

const pace = ({ every }: { every: number }) => every || Infinity

/** As many as there is room for: those that a run measures most often by itself. */
export const usual = diagnosticChoices.toSorted((a, b) => Math.sign(pace(a) - pace(b)) || a.order - b.order).slice(0, 4).toSorted((a, b) => a.order - b.order).map(({ id }) => id)

/** In the order of the tabs. What the browser kept may name a diagnostic that is gone, or be anything at all. */
export function centralOf(kept: unknown): string[] {
  if (!Array.isArray(kept)) return usual
  return diagnosticChoices.map(({ id }) => id).filter((id) => kept.includes(id))
}

/** A string as selector result, so that it is the same until the choice changes. */
export function useCentral(): string[] {
  const ids = useUi(({ central }) => centralOf(central).join(' '))
  return ids === '' ? [] : ids.split(' ')
}

export function setCentral(id: string, shown: boolean): void {
  if (!diagnosticOf(id)) return
  useUi.setState(({ central }) => {
    const others = centralOf(central).filter((other) => other !== id)
    return { central: shown ? [...others, id] : others }
  })
}

/** Views of one subject as they stand beside each other, refused ones last, and the one that opens: the first with something to see, else the first that can have it. */
export function arranged<View extends { name: string }>(views: readonly View[], refused: ReadonlySet<string>, seen: ReadonlySet<string>): { views: View[]; opens: View } {
  const ordered = views.toSorted((a, b) => Number(refused.has(a.name)) - Number(refused.has(b.name)))
  return { views: ordered, opens: ordered.find(({ name }) => seen.has(name) && !refused.has(name)) ?? ordered[0] }
}
