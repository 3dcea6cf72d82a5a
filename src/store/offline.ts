/** Whether the browser holds a copy of the page, to open without a network. */
import { create } from 'zustand'
import { announce } from './ui.ts'

interface OfflineState {
  /** The page opens without a network from now on. */
  kept: boolean
  /** A newer version has come and waits until no tab of the lab is open. */
  newer: boolean
}

export const useOffline = create<OfflineState>(() => ({ kept: false, newer: false }))

/** To be called once the first view stands: the copy is as large as the page. Does nothing where the page was built without. */
export async function keepOffline(): Promise<void> {
  const { registerSW } = await import('virtual:pwa-register')
  registerSW({
    onRegisteredSW: (_, registration) => registration?.active && useOffline.setState({ kept: true }),
    onOfflineReady: () => useOffline.setState({ kept: true }),
    onNeedRefresh: () => {
      useOffline.setState({ kept: true, newer: true })
      announce('A newer version of the lab has come. It starts when no tab of the lab is open any more.')
    },
    onNeedReload: () => {}, // a training may be under way: never by itself
  })
}
