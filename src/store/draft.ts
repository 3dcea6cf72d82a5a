/** The settings on the page. The run on the GPU keeps its own copy; see changes.ts for the difference. */
import { create } from 'zustand'
import { type Config, ConfigError, type ReplicaConfig, type SectionName, parseConfig } from '../config.ts'
import { presets } from './catalog.ts'
import { fromHash, toHash } from './permalink.ts'

export interface DraftState {
  config: Config
  /** Why this draft cannot be run, in one sentence; null when it can. */
  problem: string | null
  /** Preset these settings came from, changed or not. */
  preset: string | null
  /** Settings from elsewhere (a preset, a link, a copy of a run): live knobs wait like the others, instead of acting on the run there is. */
  detached: boolean
  /** Sentences about what the address asked for and did not get. */
  notices: string[]
}

export const useDraft = create<DraftState>(() => openingDraft())

/** The address decides; without one, the first preset. */
function openingDraft(): DraftState {
  const hash = typeof location === 'undefined' ? '' : location.hash
  if (hash.length > 1) {
    const { config, notices } = fromHash(hash)
    return { config, problem: null, preset: presetWith(config), detached: true, notices }
  }
  const first = presets[0]
  return { config: parseConfig(first.config), problem: null, preset: first.id, detached: false, notices: [] }
}

export function setField(section: SectionName, field: string, value: number | string | boolean): void {
  const { config } = useDraft.getState()
  setConfig({ ...config, [section]: { ...config[section], [field]: value } } as Config)
}

export function setReplicas(replicas: ReplicaConfig[]): void {
  setConfig({ ...useDraft.getState().config, replicas })
}

/** Changes one replica; undefined gives a knob back to the run. */
export function setReplica(index: number, change: Partial<ReplicaConfig>): void {
  const { replicas } = useDraft.getState().config
  const changed = Object.entries({ ...replicas[index], ...change }).filter(([, value]) => value !== undefined)
  setReplicas(replicas.map((replica, i) => (i === index ? (Object.fromEntries(changed) as ReplicaConfig) : replica)))
}

export function setConfig(config: Config): void {
  useDraft.setState({ config, problem: problemOf(config) })
}

/** The settings of another run, to be changed before anything is made of them. */
export function setDetached(config: Config): void {
  useDraft.setState({ config, problem: problemOf(config), detached: true })
}

/** The draft is the run's again: live knobs act on it. */
export const attach = () => useDraft.setState({ detached: false })

export function loadPreset(id: string): void {
  const preset = presets.find((candidate) => candidate.id === id)
  if (preset) useDraft.setState({ config: parseConfig(preset.config), problem: null, preset: id, detached: true, notices: [] })
}

export function loadHash(hash: string): void {
  const { config, notices } = fromHash(hash)
  useDraft.setState({ config, problem: null, preset: presetWith(config), detached: true, notices })
}

/** The preset with exactly these settings. */
export function presetWith(config: Config): string | null {
  return presets.find((preset) => toHash(parseConfig(preset.config)) === toHash(config))?.id ?? null
}

export function dismissNotices(): void {
  useDraft.setState({ notices: [] })
}

function problemOf(config: Config): string | null {
  try {
    parseConfig(config)
    return null
  } catch (error) {
    return error instanceof ConfigError ? error.message : String(error)
  }
}
