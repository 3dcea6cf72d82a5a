/** Everything a button or key can ask for. */
import { type Config, type Overridable, type ReplicaConfig, type SectionName, isLive, isOverridable, knobOf, overridable, overridableFields, parseConfig, sections } from '../config.ts'
import type { Tick } from '../protocol.ts'
import { post, reconnect } from './bridge.ts'
import { datasetOf, isOwn } from './catalog.ts'
import { attach, setConfig, setField, setReplica, setReplicas, useDraft } from './draft.ts'
import { type Phase, useRun } from './run.ts'
import { takeTrainingLock } from './tabs.ts'
import { announce, openDialog, useUi } from './ui.ts'

let requestCount = 0
/** Unlike that of any other tab: runs are kept under it. */
const newRunId = () => `run-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`

/** Run what goes on after the visitor answered the question about another tab. */
let afterOtherTab: (() => void) | null = null

/** Asks once when another tab trains. */
export async function alone(go: () => void): Promise<void> {
  if (await takeTrainingLock()) return go()
  afterOtherTab = go
  openDialog('other-tab')
}

export function trainHereAnyway(): void {
  openDialog(null)
  afterOtherTab?.()
  afterOtherTab = null
}

/** The one primary action: run, pause or go on, whichever makes sense now. */
export function runOrPause(): void {
  const { phase } = useRun.getState()
  if (phase === 'idle') start()
  else if (phase === 'running') post({ type: 'pause' })
  else if (phase === 'paused') void alone(resume)
  else if (phase === 'finished') extend()
  else if (phase === 'failed') restart()
}

function resume(): void {
  useRun.setState({ fault: null })
  post({ type: 'resume' })
}

export function start(): void {
  void alone(() => begin(false))
}

/** Throws the run away and starts the draft from step 0. */
export function restart(): void {
  const { phase, fault } = useRun.getState()
  if (phase === 'probing' || phase === 'obstacle') return
  if (phase === 'failed' && fault) reconnect()
  start()
}

function begin(paused: boolean): string | null {
  const { config, problem } = useDraft.getState()
  if (problem) {
    announce(problem)
    return null
  }
  const runId = newRunId()
  attach()
  useRun.setState({ phase: 'starting', runId, fault: null, progress: null })
  useUi.setState({ hidden: [], replayed: null })
  post({ type: 'start', runId, config: parseConfig(config), paused })
  return runId
}

/** A run from what a file holds, at rest so that it can be looked at first. */
export function startFrom(config: Config, checkpoint: object): void {
  void alone(() => {
    const runId = newRunId()
    setConfig(config)
    attach()
    useRun.setState({ phase: 'starting', runId, fault: null, progress: null })
    useUi.setState({ hidden: [], replayed: null })
    post({ type: 'start', runId, config, checkpoint, paused: true })
  })
}

/** Exactly one training step. From idle it first makes the run, without letting it go. */
export function stepOnce(): void {
  const { phase } = useRun.getState()
  if (phase === 'paused') return post({ type: 'step', count: 1 })
  if (phase !== 'idle') return
  void alone(() => {
    if (begin(true)) post({ type: 'step', count: 1 }) // the worker obeys one after the other
  })
}

/** Half as many again. */
const extraSteps = ({ config }: Tick) => Math.max(100, Math.round(config.train.steps / 2))

export function extend(): void {
  const { tick } = useRun.getState()
  if (!tick) return
  void alone(() => {
    applyLive()
    post({ type: 'extend', steps: extraSteps(tick) })
    post({ type: 'resume' })
  })
}

export function fork(from: number, replicas: ReplicaConfig[]): void {
  const { tick } = useRun.getState()
  if (!tick) return
  void alone(() => {
    const runId = newRunId()
    useRun.setState({ runId, phase: 'starting', fault: null })
    useUi.setState({ hidden: [], replayed: null })
    setReplicas(replicas)
    attach()
    // In one: what came apart would be obeyed by the old run where the new one is refused.
    post({ type: 'fork', runId, from, replicas, ...(tick.state === 'finished' && { extendBy: extraSteps(tick) }) })
  })
}

/** Whether a live knob acts on the run as it is turned: not on one that is over, and not with settings from elsewhere. */
export function actsAtOnce(phase: Phase, detached: boolean): boolean {
  return !detached && (phase === 'running' || phase === 'paused')
}

const acts = () => actsAtOnce(useRun.getState().phase, useDraft.getState().detached)

/** Gives the run there is the live knobs of the draft. */
export function applyLive(): void {
  const { tick } = useRun.getState()
  const { config } = useDraft.getState()
  attach()
  if (!tick || config.replicas.length !== tick.config.replicas.length) return
  for (const section of Object.keys(sections) as SectionName[]) {
    for (const [field, value] of Object.entries(config[section])) {
      const before = (tick.config[section] as Record<string, unknown>)[field]
      if (value !== before && isLive(section, field) && !isOverridable(field)) post({ type: 'patch', patch: { replica: 'all', section, field, value } })
    }
  }
  for (const field of overridableFields.filter((one) => isLive(overridable[one], one))) turnEach(field, tick.config)
}

/** One knob of every replica: together where no replica has a value of its own. */
function turnEach(field: Overridable, running: Config): void {
  const { config } = useDraft.getState()
  const section = overridable[field]
  const differing = config.replicas.flatMap((replica, index) => (knobOf(config, replica, field) === knobOf(running, running.replicas[index], field) ? [] : [{ index, value: knobOf(config, replica, field) }]))
  const own = [...config.replicas, ...running.replicas].some((replica) => replica[field] !== undefined)
  if (differing.length > 0 && !own) return post({ type: 'patch', patch: { replica: 'all', section, field, value: differing[0].value } })
  for (const { index, value } of differing) post({ type: 'patch', patch: { replica: index, section, field, value } })
}

/** Gives the draft back what the run was built with; live knobs that act at once stay where they are, for the run has them too. */
export function discardChanges(): void {
  const { tick } = useRun.getState()
  if (!tick) return
  const { config } = useDraft.getState()
  if (!acts()) {
    attach()
    return setConfig(tick.config)
  }
  const kept = (Object.keys(sections) as SectionName[]).map((section) => {
    const live = Object.entries(config[section]).filter(([field]) => isLive(section, field))
    return [section, { ...tick.config[section], ...Object.fromEntries(live) }]
  })
  setConfig({ ...tick.config, ...Object.fromEntries(kept) } as Config)
}

const waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; send: () => void }>()

/** One gesture, one patch, one mark on the charts: sent when the slider rests or is let go. */
function later(key: string, send: () => void): void {
  clearTimeout(waiting.get(key)?.timer)
  waiting.set(key, { timer: setTimeout(() => flush(key), 250), send })
}

/** Sends what a slider has changed so far, now that it was let go. */
export function flush(key: string): void {
  const entry = waiting.get(key)
  if (!entry) return
  clearTimeout(entry.timer)
  waiting.delete(key)
  entry.send()
}

export const knobKey = (section: SectionName, field: string, replica: number | 'all' = 'all') => `${section}.${field}.${replica}`

/** Changes a run-level field, and on a run that is there, a live one of every replica without a value of its own. */
export function changeField(section: SectionName, field: string, value: number | string | boolean, live: boolean): void {
  setField(section, field, value)
  if (!live || !acts()) return
  later(knobKey(section, field), () => {
    const { replicas } = useDraft.getState().config
    const owns = (replica: ReplicaConfig) => isOverridable(field) && replica[field] !== undefined
    if (!replicas.some(owns)) return post({ type: 'patch', patch: { replica: 'all', section, field, value } })
    for (const [replica, own] of replicas.entries()) if (!owns(own)) post({ type: 'patch', patch: { replica, section, field, value } })
  })
}

/** Gives one replica its own value, or with undefined the run's. Some cannot change under way, as the seed: they wait for a restart. */
export function changeOverride(index: number, field: Overridable, value: number | string | boolean | undefined): void {
  setReplica(index, { [field]: value })
  const { tick } = useRun.getState()
  if (!isLive(overridable[field], field) || !acts() || !tick || index >= tick.config.replicas.length) return
  const section = overridable[field]
  later(knobKey(section, field, index), () => {
    const runValue = (useDraft.getState().config[section] as unknown as Record<string, number | string | boolean>)[field]
    post({ type: 'patch', patch: { replica: index, section, field, value: value ?? runValue } })
  })
}

/** Of the settings on the page, or of other replicas with them. */
export function requestPlan(replicas?: ReplicaConfig[]): void {
  const { config: draft, problem } = useDraft.getState()
  const config = replicas ? { ...draft, replicas } : draft
  if (isOwn(config.data.dataset) && !datasetOf(config.data.dataset)) return // the page says so itself
  if (!problem) post({ type: 'plan', requestId: ++requestCount, config: parseConfig(config) })
}

export function requestSelfTest(): void {
  useRun.setState({ selfTest: null })
  post({ type: 'selftest', requestId: ++requestCount })
}

export function probeAgain(): void {
  useRun.setState({ phase: 'probing', obstacle: null, fault: null })
  reconnect()
}
