import { post } from '../../store/bridge.ts'
import { showSide } from '../../store/ui.ts'

/** Leads to the list of runs, which on a phone lies far below. */
export function RunsButton() {
  const show = () => {
    post({ type: 'saves' })
    showSide('runs')
    requestAnimationFrame(() => {
      const side = document.getElementById('controls')
      side?.focus({ preventScroll: true })
      side?.scrollIntoView({ block: 'start' })
    })
  }
  return <button type="button" className="quiet" onClick={show}>Runs</button>
}
