import { completed, stepIds, useLesson } from '../../store/lesson.ts'
import { leaveLesson, openLesson } from '../../store/lessonWay.ts'

/** Into the lesson, where it was left. */
export function LessonButton() {
  const open = useLesson((state) => state.open)
  const done = useLesson(completed)
  return (
    <button type="button" className="quiet" aria-pressed={open} onClick={open ? leaveLesson : openLesson}>
      Lesson{done > 0 && ` ${done}/${stepIds.length}`}
    </button>
  )
}
