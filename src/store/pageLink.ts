/** What a link says besides the settings: what is looked at, which recorded run, and what a teacher hides or fixes. */
import type { Reading } from '../panel.ts'
import { diagnosticOf, presets } from './catalog.ts'
import { isLockable, isPart } from './teach.ts'

export interface PageLink {
  /** A tab; null for the first. */
  view: string | null
  loss: 'raw' | 'excess'
  /** What answers are read as; null for what each picture shows first. */
  answers: Reading | null
  seeds: 'together' | 'single'
  /** Id of a recorded run. */
  run: string | null
  hide: string[]
  lock: string[]
}

export const plainPage: PageLink = { view: null, loss: 'raw', answers: null, seeds: 'together', run: null, hide: [], lock: [] }

/** Goes up when a key changes its meaning. */
export const linkVersion = 1

const keys = ['v', 'view', 'loss', 'answers', 'seeds', 'run', 'hide', 'lock'] as const
type Key = (typeof keys)[number]
export const isPageKey = (key: string): key is Key => (keys as readonly string[]).includes(key)

/** Tabs that are no diagnostic. */
const views = ['overview', 'training', 'lossByT', 'samples', 'steps', 'bands', 'runs', 'claims', 'inside']
const mostNames = 40

export function writePage({ view, loss, answers, seeds, run, hide, lock }: PageLink): string {
  const pairs: string[] = []
  if (view !== null && view !== views[0]) pairs.push(`view=${encodeURIComponent(view)}`)
  if (loss !== plainPage.loss) pairs.push(`loss=${loss}`)
  if (answers !== null) pairs.push(`answers=${answers}`)
  if (seeds !== plainPage.seeds) pairs.push(`seeds=${seeds}`)
  if (run !== null) pairs.push(`run=${encodeURIComponent(run)}`)
  if (hide.length > 0) pairs.push(`hide=${hide.join(',')}`)
  if (lock.length > 0) pairs.push(`lock=${lock.join(',')}`)
  return pairs.join('&')
}

/** Of one pair; what cannot be used is left out with a sentence. */
export function readPage(page: PageLink, key: Key, text: string, notices: string[]): PageLink {
  const quoted = `“${text.slice(0, 60)}”`
  switch (key) {
    case 'v':
      if (text !== String(linkVersion)) notices.push(`The link is of version ${quoted}, and this page reads version ${linkVersion}: what it knows is used.`)
      return page
    case 'view':
      if (views.includes(text) || diagnosticOf(text)) return { ...page, view: text === views[0] ? null : text }
      notices.push(`The link opens ${quoted}, which this page does not have; the overview is shown.`)
      return page
    case 'loss':
      if (text === 'raw' || text === 'excess') return { ...page, loss: text }
      if (text === 'denoiser') return { ...page, answers: text } // as links had it before
      notices.push(`The link shows the loss as ${quoted}; raw and excess are known.`)
      return page
    case 'answers':
      if (text === 'velocity' || text === 'denoiser') return { ...page, answers: text }
      notices.push(`The link reads answers as ${quoted}; velocity and denoiser are known.`)
      return page
    case 'seeds':
      if (text === 'together' || text === 'single') return { ...page, seeds: text }
      notices.push(`The link shows seeds ${quoted}; together and single are known.`)
      return page
    case 'run':
      if (presets.some(({ study }) => study === text)) return { ...page, run: text }
      notices.push(`The link asks for the recorded run ${quoted}, which this page does not have; there are ${[...new Set(presets.flatMap(({ study }) => study ?? []))].join(', ')}.`)
      return page
    case 'hide':
      return { ...page, hide: readNames(text, isPart, 'hide', 'no part of the controls; what is measured always stays', notices) }
    case 'lock':
      return { ...page, lock: readNames(text, isLockable, 'fix', 'no setting', notices) }
  }
}

function readNames(text: string, known: (name: string) => boolean, verb: string, not: string, notices: string[]): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()).filter(Boolean))].slice(0, mostNames)
  const strange = names.filter((name) => !known(name))
  if (strange.length > 0) notices.push(`The link is to ${verb} ${strange.slice(0, 5).map((name) => `“${name.slice(0, 40)}”`).join(', ')}, which is ${not}.`)
  return names.filter(known)
}
