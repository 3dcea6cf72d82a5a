/** The one explanation that is open: of a control, a chart, a method. What is said stands with the thing itself, in its schema or file. */
import { create } from 'zustand'

export interface Explanation {
  title: string
  words: readonly string[]
  /** LaTeX. */
  formula?: string
  /** Where it stands in the papers. */
  paper?: string
}

interface ExplainState {
  shown: Explanation | null
  /** What was asked about, and the button that asked: the focus goes back to it. */
  id: string | null
  anchor: HTMLElement | null
}

const closed: ExplainState = { shown: null, id: null, anchor: null }

export const useExplain = create<ExplainState>(() => closed)

export const explain = (shown: Explanation, id: string, anchor: HTMLElement) => useExplain.setState({ shown, id, anchor })
export const closeExplanation = () => useExplain.setState(closed)
