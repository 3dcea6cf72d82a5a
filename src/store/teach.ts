/** What a teacher's link takes out of the visitor's hands. It never hides what is measured. */
import { create } from 'zustand'
import { type SectionName, sections } from '../config.ts'

interface TeachState {
  /** Names of parts that are not there, and of settings that cannot be turned. */
  hide: readonly string[]
  lock: readonly string[]
  /** The recorded run that the link asks for. */
  run: string | null
}

export const useTeach = create<TeachState>(() => ({ hide: [], lock: [], run: null }))

/** Parts of the page's controls by the names that a link has for them; a single setting is `section.field`. */
export const parts: Readonly<Record<string, string>> = {
  replicas: 'Replicas', objective: 'Objective', train: 'Training', net: 'Network', data: 'Data', evaluate: 'Measuring', experiment: 'Choice of the experiment', fork: 'Fork', files: 'Export and Open',
}
/** Of these a link may also fix the values. */
export const lockable: readonly string[] = ['replicas', ...Object.keys(sections)]

export function isPart(name: string): boolean {
  if (Object.hasOwn(parts, name)) return true
  const [section, field, ...more] = name.split('.')
  return more.length === 0 && field !== undefined && Object.hasOwn(sections, section) && Object.hasOwn(sections[section as SectionName].shape, field)
}

export const isLockable = (name: string) => isPart(name) && lockable.includes(name.split('.')[0])

/** A setting goes with its section. */
const named = (names: readonly string[], name: string) => names.includes(name) || names.includes(name.split('.')[0])

export const useHidden = (name: string) => useTeach(({ hide }) => named(hide, name))
export const useLocked = (name: string) => useTeach(({ lock }) => named(lock, name))

/** Everything back in the visitor's hands. */
export const showAll = () => useTeach.setState({ hide: [], lock: [] })
