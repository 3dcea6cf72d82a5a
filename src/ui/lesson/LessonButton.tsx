import { useEffect, useRef } from 'react'
import { completed, stepIds, useLesson } from '../../store/lesson.ts'
import { leaveLesson, openLesson } from '../../store/lessonWay.ts'

/** Into the lesson, where it was left. */
export function LessonButton() {
  const open = useLesson((state) => state.open)
  const done = useLesson(completed)
  const button = useRef<HTMLButtonElement>(null)
  const before = useRef(open)
  useEffect(() => {
    if (before.current && !open && document.activeElement === document.body) button.current?.focus() // the button that was pressed is gone
    before.current = open
  }, [open])
  return (
    <button ref={button} type="button" className="quiet" aria-pressed={open} onClick={open ? leaveLesson : openLesson}>
      Lesson{done > 0 && ` ${done}/${stepIds.length}`}
    </button>
  )
}
