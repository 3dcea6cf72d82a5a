/** Models and runs from files: what was opened, how it is to be asked, and what it did beside live runs. */
import { create } from 'zustand'
import type { Config } from '../config.ts'
import type { EvaluateCommand, EvaluateReport, FileCommand, FileEvaluation, FileReport, ModelReading, OpenedFile } from '../file_protocol.ts'
import { startFrom } from './actions.ts'
import { recalled, remember } from './readings.ts'
import { useRun } from './run.ts'
import { announce, openDialog } from './ui.ts'

export interface NamedFile {
  name: string
  file: Blob
}

interface FilesState {
  reading: boolean
  opened: OpenedFile | null
  /** How the opened model is asked, as the visitor has it. */
  asked: ModelReading | null
  /** Why a file was refused, in one sentence. */
  refusal: string | null
  evaluating: { label: string; done: number; total: number } | null
  /** Networks from files on the charts, the latest last. */
  evaluations: FileEvaluation[]
}

const nothing = { reading: false, opened: null, asked: null, refusal: null, evaluating: null }

export const useFiles = create<FilesState>(() => ({ ...nothing, evaluations: [] }))

let given: NamedFile[] = []
let reader: Worker | null = null
let judge: Worker | null = null

function tell(command: FileCommand): void {
  if (!reader) {
    reader = new Worker(new URL('../worker/open.worker.ts', import.meta.url), { type: 'module', name: 'open' })
    reader.addEventListener('message', (event: MessageEvent<FileReport>) => hear(event.data))
    reader.addEventListener('error', (event) => {
      event.preventDefault()
      hear({ type: 'refused', message: event.message || 'The worker that reads files did not start.' })
    })
  }
  reader.postMessage(command)
}

function hear(report: FileReport): void {
  switch (report.type) {
    case 'read': {
      const { opened } = report
      announce(`${opened.name} is open.`)
      return useFiles.setState({ ...nothing, opened, asked: recalled(opened) ?? opened.reading })
    }
    case 'begin':
      closeFile()
      openDialog(null)
      return startFrom(report.config, report.checkpoint)
    case 'refused':
      return useFiles.setState({ reading: false, refusal: report.message })
  }
}

export function openModel(files: NamedFile[]): void {
  if (files.length === 0) return
  stopEvaluating()
  given = files
  useFiles.setState({ ...nothing, reading: true })
  tell({ type: 'read', files })
}

/** Reads the same file with what it does not say. */
export function readAgain(hints: { heads?: number; size?: number }): void {
  useFiles.setState({ reading: true, refusal: null })
  tell({ type: 'read', files: given, ...hints })
}

/** One of the lab's own, from beside the page. */
export async function openExample(name: string): Promise<void> {
  useFiles.setState({ ...nothing, reading: true })
  try {
    const response = await fetch(new URL(`examples/${name}`, document.baseURI))
    if (!response.ok) throw new Error(`the server answers ${response.status}`)
    openModel([{ name, file: await response.blob() }])
  } catch (error) {
    useFiles.setState({ reading: false, refusal: `${name} could not be fetched: ${error instanceof Error ? error.message : String(error)}.` })
  }
}

export const trainOnFrom = (dataset?: string) => tell({ type: 'begin', dataset })

/** Forgets the file; what it did stays on the charts. */
export function closeFile(): void {
  stopEvaluating()
  given = []
  reader?.terminate()
  reader = null
  useFiles.setState(nothing)
}

export function ask(change: Partial<ModelReading>): void {
  const { asked, opened } = useFiles.getState()
  if (!asked || !opened) return
  const next = { ...asked, ...change }
  remember(opened, next)
  useFiles.setState({ asked: next })
}

/** The settings under which a file is evaluated: the run's where its images have the right shape, so that curves compare. */
export function settingsFor({ about, fitting }: OpenedFile, asked: ModelReading, config: Config): Config | null {
  const [, channels, size] = about?.inputs.find(({ name }) => name === asked.image)?.shape ?? []
  const fits = (wanted: unknown, has: number) => typeof wanted !== 'number' || wanted === has
  return fits(channels, config.net.channels) && fits(size, config.net.size) ? config : fitting
}

/** In a worker of its own, which is gone with all it holds when it has answered or is stopped. */
export function evaluateFile(config: Config, choices: Pick<EvaluateCommand, 'labelled' | 'gpu' | 'compare' | 'extractor'>): void {
  const { opened, asked } = useFiles.getState()
  if (!opened || !asked) return
  stopEvaluating()
  useFiles.setState({ evaluating: { label: 'starting', done: 0, total: 0 }, refusal: null })
  const own = new Worker(new URL('../worker/evaluate.worker.ts', import.meta.url), { type: 'module', name: 'evaluate' })
  judge = own
  own.addEventListener('message', (event: MessageEvent<EvaluateReport>) => judge === own && judged(event.data))
  own.addEventListener('error', (event) => {
    event.preventDefault()
    if (judge === own) judged({ type: 'refused', message: event.message || 'The worker that runs models did not start.' })
  })
  own.postMessage({ name: opened.name, files: given, reading: asked, config, untrainedBelow: opened.untrainedBelow, ...choices } satisfies EvaluateCommand)
}

function judged(report: EvaluateReport): void {
  if (report.type === 'evaluating') return useFiles.setState({ evaluating: report })
  stopEvaluating()
  if (report.type === 'refused') return useFiles.setState({ refusal: report.message })
  const { evaluation } = report
  useFiles.setState(({ evaluations }) => ({ evaluations: [...evaluations.filter(({ name }) => name !== evaluation.name), evaluation].slice(-4) }))
  announce(`${evaluation.name} is evaluated and on the chart of loss by noise level.`)
}

export function stopEvaluating(): void {
  judge?.terminate()
  judge = null
  useFiles.setState({ evaluating: null })
}

export function removeEvaluation(name: string): void {
  useFiles.setState(({ evaluations }) => ({ evaluations: evaluations.filter((one) => one.name !== name) }))
}

/** A GPU that is worth starting onnxruntime on. */
export const hasFastGpu = () => useRun.getState().capabilities?.software === false
