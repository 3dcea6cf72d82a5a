import { post } from '../../store/bridge.ts'
import { useLesson } from '../../store/lesson.ts'
import { leaveLesson } from '../../store/lessonWay.ts'
import { showSide } from '../../store/ui.ts'

/** Leads to what the column of settings and runs shows, which on a phone lies far below; the lesson, which has its place, is left where it stands. */
export function leadTo(side: 'settings' | 'runs'): void {
  if (useLesson.getState().open) leaveLesson()
  showSide(side)
  requestAnimationFrame(() => {
    const column = document.getElementById('controls')
    column?.focus({ preventScroll: true })
    column?.scrollIntoView({ block: 'start' })
  })
}

export function RunsButton() {
  const show = () => {
    post({ type: 'saves' })
    leadTo('runs')
  }
  return <button type="button" className="quiet" onClick={show}>Runs</button>
}
