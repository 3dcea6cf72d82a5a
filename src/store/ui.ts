/** How the page is shown; nothing here changes a number. */
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import type { Reading } from '../panel.ts'

export type Theme = 'system' | 'light' | 'dark'
export type DialogName = 'about' | 'keys' | 'self-test' | 'fork' | 'other-tab' | 'sweep' | 'class-link' | 'own-data' | 'model' | 'sheet'
/** `overview`, `training`, or the id of a diagnostic; on a phone also one chart of the first two. */
export type ViewName = string

interface UiState {
  theme: Theme
  /** Whether controls show their one-sentence explanation. */
  explain: boolean
  dialog: DialogName | null
  view: ViewName
  /** Diagnostics in the overview that the visitor has chosen; null for the usual ones. */
  central: readonly string[] | null
  /** Charts shown as a table, by name. */
  tables: Record<string, boolean>
  /** Loss by noise level as it is, or what stands above the floor. */
  lossView: 'raw' | 'excess'
  /** What answers of networks are read as, on every picture that can show either; null for what each shows first. */
  reading: Reading | null
  /** Replicas that differ only in seed as mean and spread, or each by itself. */
  seedView: 'together' | 'single'
  /** The training step whose measurements the charts show; null for the latest. */
  replayed: number | null
  /** Replicas hidden on every chart, by index: of the run that the charts are about. */
  hidden: readonly number[]
  /** Replicas of runs beside it that are hidden, as `run/index`. */
  hiddenBeside: readonly string[]
  /** The run whose lines stand out, while its row has the pointer or the focus. */
  emphasised: string | null
  /** What the column of settings shows. */
  side: 'settings' | 'runs'
  /** The last sentence for the polite live region. */
  announcement: string
}

export const useUi = create<UiState>()(
  persist(
    (): UiState => ({ theme: 'system', explain: true, dialog: null, view: 'overview', central: null, tables: {}, lossView: 'raw', reading: null, seedView: 'together', replayed: null, hidden: [], hiddenBeside: [], emphasised: null, side: 'settings', announcement: '' }),
    {
      name: 'low-noise-lab.ui',
      storage: createJSONStorage(() => localStorage),
      partialize: ({ theme, explain, central }) => ({ theme, explain, central }),
    },
  ),
)

export const openDialog = (dialog: DialogName | null) => useUi.setState({ dialog })
export const setReading = (reading: Reading | null) => useUi.setState({ reading })
export const setLossView = (lossView: UiState['lossView']) => useUi.setState({ lossView })
export const setSeedView = (seedView: UiState['seedView']) => useUi.setState({ seedView })
export const showView = (view: ViewName) => useUi.setState({ view, replayed: null })
export const replay = (replayed: number | null) => useUi.setState({ replayed })
export const announce = (announcement: string) => useUi.setState({ announcement })

export function toggleTable(chart: string): void {
  useUi.setState(({ tables }) => ({ tables: { ...tables, [chart]: !tables[chart] } }))
}

export const emphasise = (emphasised: string | null) => useUi.setState({ emphasised })
export const showSide = (side: UiState['side']) => useUi.setState({ side })

/** Shows replicas that are all hidden, hides them otherwise. */
export function toggleReplicas(indices: readonly number[]): void {
  useUi.setState(({ hidden }) => ({ hidden: toggled(hidden, indices) }))
}

/** The same for replicas of runs beside the one that the charts are about. */
export function toggleBeside(keys: readonly string[]): void {
  useUi.setState(({ hiddenBeside }) => ({ hiddenBeside: toggled(hiddenBeside, keys) }))
}

function toggled<T>(hidden: readonly T[], some: readonly T[]): T[] {
  const others = hidden.filter((one) => !some.includes(one))
  return some.every((one) => hidden.includes(one)) ? others : [...others, ...some]
}
