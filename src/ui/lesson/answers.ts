/** What a student takes away: predictions, answers and words of their own. Pure. */
import { type Progress, type StepId, numberOf } from '../../store/lesson.ts'
import { lessonTitle, steps } from './lowNoise.ts'

export function answersAsText({ progress, notes }: { progress: Partial<Record<StepId, Progress>>; notes: string }): string {
  const lines = steps.flatMap(({ id, title, predict }) => {
    const { predicted, answered, right } = progress[id] ?? {}
    if (predicted === undefined) return []
    const guess = predict.choices.find(({ value }) => value === predicted)?.label ?? predicted
    return [`${numberOf(id)}. ${title}`, `   I predicted: ${guess}`, answered === undefined ? '   Not checked.' : `   Check: ${right ? 'right' : 'not yet right'}`]
  })
  return [lessonTitle, '', ...lines, '', notes].join('\n')
}
