/** Where the visitor is in the lesson and what was done there. It stays in this browser; the address holds the step alone. */
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { z } from 'zod'

/** In the order of the lesson; `lesson=1` in the address is the first. */
export const stepIds = ['path', 'hardest', 'floor', 'condition', 'bands', 'probe', 'lcf', 'cost'] as const
export type StepId = (typeof stepIds)[number]

/** What was done in one step. Only the three together finish it. */
export interface Progress {
  /** Value of the choice that was predicted. */
  predicted?: string
  /** The observable was seen. */
  did?: boolean
  /** Value of the choice given last in the check, and whether it was the right one. */
  answered?: string
  right?: boolean
}

interface LessonState {
  open: boolean
  /** The visitor opened it, not the address: then the focus goes there. */
  byHand: boolean
  at: StepId
  progress: Partial<Record<StepId, Progress>>
  /** The recorded run was asked for, so that its curves need no cover any more. */
  revealed: boolean
  /** Noise level of the first step's picture. */
  t: number
  /** What the visitor wrote down; never sent anywhere. */
  notes: string
}

const progressSchema = z.strictObject({ predicted: z.string().max(40).optional(), did: z.boolean().optional(), answered: z.string().max(40).optional(), right: z.boolean().optional() })
const keptSchema = z.object({ at: z.enum(stepIds), progress: z.partialRecord(z.enum(stepIds), progressSchema), revealed: z.boolean(), notes: z.string().max(20_000) })

/** What is left of earlier visits; nothing where it does not fit. */
export function keptOf(kept: unknown): Partial<LessonState> {
  return keptSchema.safeParse(kept).data ?? {}
}

/** The step that an address asks for; null for none, and for one that there is not. */
export function lessonIn(hash: string): StepId | null {
  const text = new URLSearchParams(hash.replace(/^#/, '')).get('lesson')
  return text !== null && /^\d{1,2}$/.test(text) ? (stepIds[Number(text) - 1] ?? null) : null
}

const asked = typeof location === 'undefined' ? null : lessonIn(location.hash)

export const useLesson = create<LessonState>()(
  persist((): LessonState => ({ open: asked !== null, byHand: false, at: asked ?? stepIds[0], progress: {}, revealed: false, t: 0, notes: '' }), {
    name: 'low-noise-lab.lesson',
    storage: createJSONStorage(() => localStorage),
    partialize: ({ at, progress, revealed, notes }) => ({ at, progress, revealed, notes }),
    // What was kept may be of another version, or anything at all.
    merge: (kept, opening) => ({ ...opening, ...keptOf(kept), ...(asked && { at: asked }) }),
  }),
)

export const numberOf = (id: StepId) => stepIds.indexOf(id) + 1

export const isComplete = ({ predicted, did, right }: Progress = {}) => predicted !== undefined && did === true && right === true

export const completed = ({ progress }: Pick<LessonState, 'progress'>) => stepIds.filter((id) => isComplete(progress[id])).length

/** A hash with the step of the lesson, while it is open. */
export function withLesson(hash: string): string {
  const { open, at } = useLesson.getState()
  return open ? [hash, `lesson=${numberOf(at)}`].filter(Boolean).join('&') : hash
}

function note(id: StepId, change: Progress): void {
  useLesson.setState(({ progress }) => ({ progress: { ...progress, [id]: { ...progress[id], ...change } } }))
}

/** A prediction is made once: what came out must not change it. */
export function predict(id: StepId, value: string): void {
  if (useLesson.getState().progress[id]?.predicted === undefined) note(id, { predicted: value })
}

export function answer(id: StepId, value: string, right: boolean): void {
  if (!useLesson.getState().progress[id]?.right) note(id, { answered: value, right })
}

export function markDone(id: StepId): void {
  if (!useLesson.getState().progress[id]?.did) note(id, { did: true })
}

export const setLevel = (t: number) => useLesson.setState({ t })
export const reveal = () => useLesson.setState({ revealed: true })
export const writeNotes = (notes: string) => useLesson.setState({ notes: notes.slice(0, 20_000) })
export const forgetProgress = () => useLesson.setState({ progress: {}, revealed: false, t: 0, notes: '' })

/**
 * Diagnostics that the overview keeps back, so that the step which asks for a prediction of them comes before they are seen.
 * The same array until it changes.
 */
export function keptBack({ open, progress }: Pick<LessonState, 'open' | 'progress'>): readonly string[] {
  return open && progress.probe?.predicted === undefined ? aboutFeatures : nothing
}

const aboutFeatures = ['probe', 'features', 'latents', 'jacobian']
const nothing: readonly string[] = []

/** The charts are covered until the first prediction about them has been made, and something was asked to be drawn. */
export function isCovered({ open, at, progress, revealed }: LessonState, live: boolean): boolean {
  if (!open || (at !== 'path' && at !== 'hardest')) return false
  return progress.hardest?.predicted === undefined || !(revealed || live)
}
