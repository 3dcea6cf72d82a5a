import { post } from '../../store/bridge.ts'
import { useLesson } from '../../store/lesson.ts'
import { leaveLesson } from '../../store/lessonWay.ts'
import { showSide } from '../../store/ui.ts'

/** Leads to the list of runs, which on a phone lies far below; the lesson, which has its place, is left where it stands. */
export function RunsButton() {
  const show = () => {
    post({ type: 'saves' })
    if (useLesson.getState().open) leaveLesson()
    showSide('runs')
    requestAnimationFrame(() => {
      const side = document.getElementById('controls')
      side?.focus({ preventScroll: true })
      side?.scrollIntoView({ block: 'start' })
    })
  }
  return <button type="button" className="quiet" onClick={show}>Runs</button>
}
