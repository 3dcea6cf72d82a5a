/** Visitors' own images: what is kept in this browser, and what is being read. The pixels stay with the worker. */
import { create } from 'zustand'
import type { DataCommand, DataReport, OwnAsked, OwnSet } from '../file_protocol.ts'
import { requestPlan } from './actions.ts'
import { pushAddress } from './address.ts'
import { datasetOf, fittedTo, isOwn, knowOwn } from './catalog.ts'
import { loadPreset, setConfig, setField, useDraft } from './draft.ts'
import { withMeasure } from './measurements.ts'
import { announce, openDialog, showView } from './ui.ts'

interface DataState {
  /** Those kept, null until they were looked for. */
  sets: OwnSet[] | null
  /** Why not all that are kept are among them, in one sentence. */
  problem: string | null
  /** What was read and is not kept yet. */
  opened: { asked: OwnAsked; width: number; height: number; count: number } | null
  /** The same, as it would be kept; null while that is being worked out. */
  set: OwnSet | null
  reading: { label: string; done: number; total: number } | null
  /** Why files were refused, in one sentence. */
  refusal: string | null
}

const nothing = { opened: null, set: null, reading: null, refusal: null }

export const useData = create<DataState>(() => ({ sets: null, problem: null, ...nothing }))

let worker: Worker | null = null

function post(command: DataCommand): void {
  if (!worker) {
    worker = new Worker(new URL('../worker/data.worker.ts', import.meta.url), { type: 'module', name: 'data' })
    worker.addEventListener('message', (event: MessageEvent<DataReport>) => receive(event.data))
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      receive({ type: 'refused', message: event.message || 'The worker that reads files did not start.' })
    })
  }
  worker.postMessage(command)
}

function receive(report: DataReport): void {
  switch (report.type) {
    case 'sets':
      knowOwn(report.sets)
      useData.setState({ sets: report.sets, problem: report.problem })
      requestPlan()
      return tellMissing()
    case 'opened':
      return useData.setState({ opened: report })
    case 'converted':
      return useData.setState({ set: report.set, reading: null, refusal: null })
    case 'kept':
      useData.setState(nothing)
      return takeSet(report.set.id)
    case 'reading':
      return useData.setState({ reading: report })
    case 'refused':
      return useData.setState({ refusal: report.message, reading: null, set: null })
  }
}

/** Looks for sets that were kept, and says so when the settings name one that is not there. */
export function watchData(): () => void {
  post({ type: 'list' })
  return useDraft.subscribe(({ config }, before) => {
    if (config.data.dataset !== before.config.data.dataset) tellMissing()
  })
}

function tellMissing(): void {
  const { config, notices } = useDraft.getState()
  const id = config.data.dataset
  if (!isOwn(id) || datasetOf(id) || useData.getState().sets === null) return
  const notice = `The settings name the data set “${id}”, which is not kept in this browser: bring in the same file under Data, or choose another set.`
  if (!notices.includes(notice)) useDraft.setState({ notices: [...notices, notice] })
}

export function openFiles(files: { path: string; file: File }[]): void {
  if (files.length === 0) return
  useData.setState({ ...nothing, reading: { label: 'reading', done: 0, total: 0 } })
  post({ type: 'open', files })
}

export function askFor(change: Partial<OwnAsked>): void {
  const { opened } = useData.getState()
  if (!opened) return
  const asked = { ...opened.asked, ...change }
  useData.setState({ opened: { ...opened, asked }, set: null, refusal: null })
  post({ type: 'convert', asked })
}

/** Also stops a reading under way: with the worker goes all it holds. */
export function discardOpened(): void {
  worker?.terminate()
  worker = null
  useData.setState(nothing)
}

export const keepOpened = () => post({ type: 'keep' })
export const removeSet = (id: string) => post({ type: 'remove', id })

/** Settings go along where the set needs others: channels, counts, classes. */
export function chooseData(id: string): void {
  const dataset = datasetOf(id)
  if (dataset) setConfig(fittedTo(useDraft.getState().config, dataset))
  else setField('data', 'dataset', id)
}

/** With the settings of the experiment on points, unless they are of points already; seen on the plane, often enough that one can watch. */
export function takeDrawing(id: string): void {
  pushAddress()
  if (!datasetOf(useDraft.getState().config.data.dataset)?.plane) loadPreset('plane')
  chooseData(id)
  const { config } = useDraft.getState()
  setConfig({ ...config, measures: withMeasure(config, 'plane', { every: 100 }) })
  showView('plane')
  leadToRun('Your drawing is')
}

export function takeSet(id: string): void {
  chooseData(id)
  leadToRun(`${datasetOf(id)?.label ?? id} is kept in this browser and`)
}

/** Back to the charts, which on a phone lie far above; nothing is trained unasked. */
function leadToRun(what: string): void {
  openDialog(null)
  announce(`${what} chosen. Press Run to train on it.`)
  setTimeout(() => {
    const charts = document.getElementById('charts')
    charts?.focus({ preventScroll: true })
    charts?.scrollIntoView({ block: 'start' })
  })
}
