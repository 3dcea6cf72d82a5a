/** Keeps the settings in the address: quietly while a slider moves, as a step of the history for a preset. */
import { loadHash, loadPreset, useDraft } from './draft.ts'
import { withLesson } from './lesson.ts'
import { toHash } from './permalink.ts'

const addressOf = (settings: string) => {
  const hash = withLesson(settings)
  return `${location.pathname}${location.search}${hash ? `#${hash}` : ''}`
}

export function watchAddress(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = useDraft.subscribe(({ config }, before) => {
    if (config === before.config) return
    clearTimeout(timer)
    timer = setTimeout(() => history.replaceState(null, '', addressOf(toHash(config))), 300) // browsers limit the rate
  })
  const back = () => loadHash(location.hash)
  addEventListener('popstate', back)
  return () => {
    stop()
    clearTimeout(timer)
    removeEventListener('popstate', back)
  }
}

/** Loads a preset so that the browser's Back undoes it. */
export function choosePreset(id: string): void {
  history.pushState(null, '', addressOf(toHash(useDraft.getState().config)))
  loadPreset(id)
}

export function linkToDraft(): string {
  return location.origin + addressOf(toHash(useDraft.getState().config))
}
