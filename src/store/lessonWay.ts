/** Into the lesson, through it and out again; each step is one of the browser's history. */
import { linkToDraft } from './address.ts'
import { type StepId, forgetProgress, lessonIn, stepIds, useLesson } from './lesson.ts'

function go(change: { open?: boolean; byHand?: boolean; at?: StepId }): void {
  useLesson.setState(change)
  if (linkToDraft() !== location.href) history.pushState(null, '', linkToDraft())
}

/** Where it was left. */
export const openLesson = () => go({ open: true, byHand: true })
export const leaveLesson = () => go({ open: false })
export const goToStep = (at: StepId) => go({ open: true, at })

export function nextStep(): void {
  const next = stepIds[stepIds.indexOf(useLesson.getState().at) + 1]
  if (next) goToStep(next)
}

export function startOver(): void {
  forgetProgress()
  goToStep(stepIds[0])
}

/** Back and Forward, and links typed into the address bar. */
export function watchLesson(): () => void {
  const follow = () => {
    const at = lessonIn(location.hash)
    useLesson.setState(at ? { open: true, at } : { open: false })
  }
  addEventListener('popstate', follow)
  return () => removeEventListener('popstate', follow)
}
