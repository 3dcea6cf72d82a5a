/** How the page is shown; nothing here changes a number. */
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'

export type Theme = 'system' | 'light' | 'dark'
export type DialogName = 'about' | 'keys' | 'self-test' | 'fork' | 'other-tab'
export type ChartName = 'lossByT' | 'steps' | 'bands' | 'samples'

interface UiState {
  theme: Theme
  /** Whether controls show their one-sentence explanation. */
  explain: boolean
  dialog: DialogName | null
  /** The one chart that a phone shows. */
  chart: ChartName
  /** Charts shown as a table. */
  tables: Partial<Record<ChartName, boolean>>
  /** Loss by noise level as it is, or what stands above the floor. */
  lossView: 'raw' | 'excess'
  /** Replicas hidden on every chart, by index. */
  hidden: readonly number[]
  /** The last sentence for the polite live region. */
  announcement: string
}

export const useUi = create<UiState>()(
  persist(
    (): UiState => ({ theme: 'system', explain: true, dialog: null, chart: 'lossByT', tables: {}, lossView: 'raw', hidden: [], announcement: '' }),
    {
      name: 'low-noise-lab.ui',
      storage: createJSONStorage(() => localStorage),
      partialize: ({ theme, explain }) => ({ theme, explain }),
    },
  ),
)

export const openDialog = (dialog: DialogName | null) => useUi.setState({ dialog })
export const setLossView = (lossView: UiState['lossView']) => useUi.setState({ lossView })
export const announce = (announcement: string) => useUi.setState({ announcement })

export function toggleTable(chart: ChartName): void {
  useUi.setState(({ tables }) => ({ tables: { ...tables, [chart]: !tables[chart] } }))
}

export function toggleReplica(index: number): void {
  useUi.setState(({ hidden }) => ({ hidden: hidden.includes(index) ? hidden.filter((i) => i !== index) : [...hidden, index] }))
}
