import { useHotkeys } from 'react-hotkeys-hook'
import { restart, runOrPause, stepOnce } from '../store/actions.ts'
import { useLesson } from '../store/lesson.ts'
import { leaveLesson, openLesson } from '../store/lessonWay.ts'
import { openDialog, useUi } from '../store/ui.ts'

/** Shortcuts hold only while nothing that takes keys itself has the focus: Space must press a focused button. */
function taken(event: KeyboardEvent): boolean {
  if (useUi.getState().dialog !== null || event.repeat) return true
  return event.target instanceof Element && event.target.closest('button, a, input, select, textarea, summary, [role=slider], [role=tab], [role=menu], [role=dialog]') !== null
}

/** Shows nothing; a component so that it can come after the page. */
export default function Keys(): null {
  const options = { ignoreEventWhen: taken, preventDefault: true }
  useHotkeys('space', runOrPause, options)
  useHotkeys('s', stepOnce, options)
  useHotkeys('r', restart, options)
  useHotkeys('l', () => (useLesson.getState().open ? leaveLesson() : openLesson()), options)
  useHotkeys('shift+/, ?', () => openDialog('keys'), { ...options, useKey: true })
  return null
}
