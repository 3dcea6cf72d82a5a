/** What the worker last said. Pure bookkeeping: reports come in by `receive`, commands leave by actions.ts. */
import { create } from 'zustand'
import type { Measurement } from '../panel.ts'
import type { Capabilities, FaultKind, LossByT, MemoryPlan, Obstacle, Report, SampleGrid, SelfTestRow, Tick } from '../protocol.ts'
import { withMeasurement } from './measurements.ts'

export type Phase = 'probing' | 'obstacle' | 'idle' | 'starting' | 'running' | 'paused' | 'finished' | 'failed'

export interface Fault {
  kind: FaultKind
  message: string
  step?: number
}

export interface RunState {
  phase: Phase
  /** The run that was asked for last. */
  runId: string | null
  capabilities: Capabilities | null
  obstacle: { kind: Obstacle; detail: string } | null
  tick: Tick | null
  fault: Fault | null
  progress: { label: string; done: number; total: number } | null
  plan: { requestId: number; plan: MemoryPlan } | null
  /** What each preset will take, “about 4 min”; empty until the adapter's speed is known. */
  times: Record<string, string>
  selfTest: { requestId: number; rows: SelfTestRow[] } | null
  /** The run that `measurements` and `losses` belong to. */
  measuredRun: string | null
  /** What was measured of that run, by diagnostic, oldest first. */
  measurements: Record<string, Measurement[]>
  /** Every loss by noise level of that run that came by, oldest first. */
  losses: LossByT[]
  /** What needs no run, by diagnostic, for the settings asked for last. */
  theory: Record<string, Measurement>
  measuring: { id: string; done: number; total: number } | null
  /** The diagnostic that the visitor asked for and that has not answered yet. */
  asked: string | null
  /** Why a diagnostic could not be measured, by diagnostic. The run goes on. */
  unmeasured: Record<string, string>
}

const opening: RunState = {
  phase: 'probing', runId: null, capabilities: null, obstacle: null, tick: null, fault: null, progress: null, plan: null, times: {}, selfTest: null,
  measuredRun: null, measurements: {}, losses: [], theory: {}, measuring: null, asked: null, unmeasured: {},
}

export const useRun = create<RunState>(() => opening)

/** After these the worker cannot go on with the run; a refused config leaves the old run as it was. */
const fatal: readonly FaultKind[] = ['device-lost', 'kernel', 'internal']

export function reduce(state: RunState, report: Report): Partial<RunState> {
  switch (report.type) {
    case 'ready':
      return { capabilities: report.capabilities, obstacle: null, phase: state.phase === 'probing' ? 'idle' : state.phase, progress: null }
    case 'obstacle':
      return { obstacle: { kind: report.obstacle, detail: report.detail }, phase: 'obstacle', progress: null }
    case 'tick':
      // A tick of the run before may still be on its way after a restart.
      if (state.runId !== null && report.runId !== state.runId) return {}
      if (state.phase === 'failed') return { tick: report }
      return { ...withTick(state, keepUnchanged(state.tick, report)), phase: report.state, progress: null }
    case 'progress':
      return { progress: { label: report.label, done: report.done, total: report.total } }
    case 'plan':
      // The second answer to a plan may come after the first to the next.
      return report.requestId < (state.plan?.requestId ?? 0) ? {} : { plan: { requestId: report.requestId, plan: report.plan } }
    case 'times':
      return { times: report.times }
    case 'selftest':
      return { selfTest: { requestId: report.requestId, rows: report.rows }, progress: null }
    case 'history':
      return report.runId === state.runId ? { measuredRun: report.runId, losses: report.losses, measurements: report.measurements.reduce(withMeasurement, {}), unmeasured: {} } : {}
    case 'saves':
      return {} // saves.ts listens
    case 'exported':
      return {} // exports.ts listens
    case 'past':
      return {} // runs.ts listens
    case 'walked':
      return {} // inside.ts listens
    case 'measuring':
      return { measuring: report.id === null ? null : { id: report.id, done: report.done, total: report.total } }
    case 'measured':
      return withMeasured(state, report.runId, report.measurement)
    case 'evaluated':
      return state.runId !== null && report.runId !== state.runId ? {} : withLoss(measuredOf(state, report.runId), report.loss)
    case 'fault':
      if (report.kind === 'measure') return { asked: null, unmeasured: { ...state.unmeasured, [report.id ?? '']: report.message } }
      if (state.phase === 'failed' && state.fault?.kind === 'device-lost') return {} // what else goes wrong then comes of it
      return { fault: { kind: report.kind, message: report.message, step: report.step }, progress: null, measuring: null, asked: null, ...afterFault(state, report.kind, report.alive) }
  }
}

/** What was measured of a run, empty when it is another run than before. */
function measuredOf(state: RunState, runId: string | null): Pick<RunState, 'measuredRun' | 'measurements' | 'losses' | 'unmeasured'> {
  const { measuredRun, measurements, losses, unmeasured } = state
  return measuredRun === runId ? { measuredRun, measurements, losses, unmeasured } : { measuredRun: runId, measurements: {}, losses: [], unmeasured: {} }
}

/** Evaluations that have been kept; a long run keeps the latest. */
const mostLosses = 400

function withTick(state: RunState, tick: Tick): Partial<RunState> {
  const measured = measuredOf(state, tick.runId)
  const { lossByT } = tick
  if (!lossByT || measured.losses.at(-1) === lossByT) return { ...measured, tick }
  return { tick, ...withLoss(measured, lossByT) }
}

function withLoss(measured: ReturnType<typeof measuredOf>, loss: LossByT): ReturnType<typeof measuredOf> {
  return { ...measured, losses: [...measured.losses.filter(({ step }) => step < loss.step), loss].slice(-mostLosses) }
}

function without(messages: Record<string, string>, id: string): Record<string, string> {
  return id in messages ? Object.fromEntries(Object.entries(messages).filter(([key]) => key !== id)) : messages
}

function withMeasured(state: RunState, runId: string | null, measurement: Measurement): Partial<RunState> {
  const unmeasured = without(state.unmeasured, measurement.id)
  if (runId === null) return { theory: { ...state.theory, [measurement.id]: measurement }, unmeasured }
  if (state.runId !== null && runId !== state.runId) return {} // of the run before
  const measured = measuredOf(state, runId)
  return { ...measured, measurements: withMeasurement(measured.measurements, measurement), unmeasured, asked: state.asked === measurement.id ? null : state.asked }
}

/**
 * Evaluations come with every tick but change rarely. Keeping the old objects spares their charts a redraw and the canvases a repaint.
 */
function keepUnchanged(before: Tick | null, now: Tick): Tick {
  if (!before || before.runId !== now.runId) return now
  const same = (a: object | null, b: object | null) => JSON.stringify(a) === JSON.stringify(b)
  return {
    ...now,
    config: same(before.config, now.config) ? before.config : now.config,
    lossByT: same(before.lossByT, now.lossByT) ? before.lossByT : now.lossByT,
    bands: same(before.bands, now.bands) ? before.bands : now.bands,
    events: same(before.events, now.events) ? before.events : now.events,
    samples: sameSamples(before.samples, now.samples) ? before.samples : now.samples,
  }
}

/** Pixels are too many to compare four times a second; a new grid differs in its very first ones. */
function sameSamples(a: SampleGrid | null, b: SampleGrid | null): boolean {
  if (a === null || b === null || a.step !== b.step || a.count !== b.count || a.images.length !== b.images.length) return false
  return a.images.every((image, i) => image.length === b.images[i].length && image.slice(0, 8).every((value, pixel) => value === b.images[i][pixel]))
}

function afterFault(state: RunState, kind: FaultKind, alive = true): Partial<RunState> {
  if (state.phase === 'probing') return { phase: 'failed' }
  if (fatal.includes(kind)) return { phase: 'failed' }
  if (state.phase !== 'starting') return {}
  if (!alive && state.tick) return { phase: 'failed', runId: state.tick.runId } // it had failed before
  // The new run was refused: the old one, if any, is still what the page shows.
  return { phase: state.tick?.state ?? 'idle', runId: state.tick?.runId ?? null }
}

export function receive(report: Report): void {
  useRun.setState((state) => reduce(state, report))
}

export function dismissFault(): void {
  useRun.setState({ fault: null })
}

export function dismissUnmeasured(id: string): void {
  useRun.setState(({ unmeasured }) => ({ unmeasured: without(unmeasured, id) }))
}

/** True while a run exists that accepts live knobs. */
export function hasRun(phase: Phase): boolean {
  return phase === 'running' || phase === 'paused' || phase === 'finished'
}
