import { useId } from 'react'
import { closeExplanation, explain, useExplain } from '../../store/explain.ts'
import { ToolIcon } from '../ToolIcon.tsx'

interface Props {
  title: string
  words: readonly (string | undefined)[]
  formula?: string
  paper?: string
}

/** Opens what a control or a picture is: a sentence, a formula, where it stands in the papers. */
export function What({ title, words, formula, paper }: Props) {
  const id = useId()
  const open = useExplain((state) => state.id === id)
  return (
    <button
      type="button"
      className="quiet tool"
      aria-haspopup="dialog"
      aria-expanded={open}
      aria-label={`What is this: ${title}`}
      title="What is this?"
      onClick={({ currentTarget }) => (open ? closeExplanation() : explain({ title, words: words.filter((sentence) => sentence !== undefined), formula, paper }, id, currentTarget))}
    >
      <ToolIcon name="what" />
    </button>
  )
}
