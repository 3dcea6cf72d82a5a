/** A training step looked at from inside: the one that came last, and where in it the visitor stands. */
import { create } from 'zustand'
import type { Report } from '../protocol.ts'
import type { StepWalk, WalkMove } from '../step_walk.ts'
import { useRun } from './run.ts'
import { announce } from './ui.ts'

interface InsideState {
  walk: StepWalk | null
  /** The request that is under way. */
  asked: number | null
  /** Why there is none, in one sentence. */
  problem: string | null
  /** Wanted next. */
  replica: number
  sample: number
  /** The move shown, counted from 0. */
  at: number
  playing: boolean
  /** Seconds that slow motion stays at a move. */
  pace: number
}

export const useInside = create<InsideState>(() => ({ walk: null, asked: null, problem: null, replica: 0, sample: 0, at: 0, playing: false, pace: 2 }))

let requests = 0

export function nextWalk(): number {
  const asked = ++requests
  useInside.setState({ asked, problem: null, playing: false })
  return asked
}

export function hearWalked(report: Report): void {
  if (report.type !== 'walked' || report.requestId !== useInside.getState().asked) return
  const { walk, problem } = report
  if (!walk) return useInside.setState({ asked: null, problem: problem ?? 'The step could not be walked.' })
  useInside.setState(({ at, walk: before }) => ({ walk, asked: null, problem: null, at: sameMoves(before, walk) ? at : 0 }))
  announce(`Step ${walk.step} of ${walk.label}: ${walk.moves.length} moves.`)
}

// A run that failed or was replaced does not answer any more.
useRun.subscribe(({ phase }, before) => {
  if (phase !== before.phase && (phase === 'failed' || phase === 'starting')) useInside.setState({ asked: null })
})

/** Whether a place in one walk is the same place in the other. */
const sameMoves = (a: StepWalk | null, b: StepWalk) => a !== null && a.moves.length === b.moves.length && a.moves.every(({ kernel, stage }, i) => kernel === b.moves[i].kernel && stage === b.moves[i].stage)

/** Moves of one stage, [from, to). */
export interface Span {
  name: string
  from: number
  to: number
}

export function spansOf(moves: readonly Pick<WalkMove, 'stage'>[]): Span[] {
  const spans: Span[] = []
  moves.forEach(({ stage }, index) => {
    const last = spans.at(-1)
    if (last?.name === stage) last.to = index + 1
    else spans.push({ name: stage, from: index, to: index + 1 })
  })
  return spans
}

/** Stages forward, each with those that go back through it: “head” beside “head backward”; what comes after the last stage, beside the first. */
export function pairedSpans(spans: readonly Span[]): { forward: Span; back: Span[] }[] {
  const rows: { forward: Span; back: Span[] }[] = []
  let row = -1
  for (const span of spans) {
    const partner = rows.findIndex(({ forward }) => `${forward.name} backward` === span.name)
    if (partner >= 0) rows[(row = partner)].back.push(span)
    else if (row < 0) rows.push({ forward: span, back: [] })
    else rows[span === spans.at(-1) ? 0 : row].back.push(span)
  }
  return rows
}

/** `by` moves on, never beyond the ends. */
export const moved = (at: number, by: number, count: number) => Math.max(0, Math.min(count - 1, at + by))

/** Where the next stage begins, or back where this one does, or, from there, the one before. */
export function stageFrom(spans: readonly Span[], at: number, by: 1 | -1): number {
  const here = spans.findIndex(({ from, to }) => at >= from && at < to)
  if (here < 0) return at
  if (by > 0) return spans[here + 1]?.from ?? spans[here].to - 1
  return at > spans[here].from ? spans[here].from : (spans[here - 1]?.from ?? 0)
}

/** Shows a move and says which; slow motion, which goes by itself, says nothing. */
export function showMove(at: number, quietly = false): void {
  const { walk } = useInside.getState()
  if (!walk) return
  const place = moved(at, 0, walk.moves.length)
  useInside.setState(quietly ? { at: place } : { at: place, playing: false })
  const { stage, kernel, writes } = walk.moves[place]
  if (!quietly) announce(`${place + 1} of ${walk.moves.length}, ${stage}: ${kernel} writes ${writes.map(({ name }) => name).join(', ') || 'counts'}.`)
}

export function stepMove(by: 1 | -1): void {
  showMove(useInside.getState().at + by)
}

export function stepStage(by: 1 | -1): void {
  const { walk, at } = useInside.getState()
  if (walk) showMove(stageFrom(spansOf(walk.moves), at, by))
}

/** Slow motion on or off; from the end it begins anew. */
export function playOrStop(): void {
  const { walk, at, playing } = useInside.getState()
  if (!walk) return
  useInside.setState({ playing: !playing, at: !playing && at === walk.moves.length - 1 ? 0 : at })
}

/** One move on in slow motion, which ends with the step. */
export function playOn(): void {
  const { walk, at } = useInside.getState()
  if (!walk || at >= walk.moves.length - 1) return useInside.setState({ playing: false })
  showMove(at + 1, true)
}
