import { useDeferredValue, useMemo } from 'react'
import { floorOf } from '../../protocol.ts'
import { datasetOf } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { useFiles } from '../../store/files.ts'
import { measuredAt } from '../../store/measurements.ts'
import { pathIdsOf } from '../../store/replicas.ts'
import { useShownRun } from '../../store/shown.ts'
import { setLossView, setReading, useUi } from '../../store/ui.ts'
import { withFiles } from '../files/fileCurves.ts'
import { count } from '../numbers.ts'
import { Choice } from '../Choice.tsx'
import { Figure } from './Figure.tsx'
import { PanelPlot } from './PanelPlot.tsx'
import { What } from './What.tsx'
import { type FloorPreview, type LossView, lossPanel, lossSentence } from './lossByT.ts'
import { withBeside } from './overlay.ts'
import { useBesideRuns, useSeries } from './series.ts'
import { usePanel } from './usePanel.ts'
import { chartWords } from './words.ts'

const views: { value: LossView; label: string; words?: string }[] = [{ value: 'raw', label: 'Loss' }, { value: 'excess', label: 'Excess' }, { value: 'denoiser', label: 'x̂₀', words: 'the denoiser’s error' }]

/** Of the velocity its loss or what stands above the floor, or the denoiser's error. */
function choose(view: LossView): void {
  if (view !== 'denoiser') setLossView(view)
  setReading(view === 'denoiser' ? view : null)
}

/** Before a run it shows what is known without one: the floor, and where T_min cuts. */
export function LossByTFigure({ compact = true }: { compact?: boolean }) {
  const losses = useDeferredValue(useShownRun((state) => state.losses)) // in pieces, so that no frame waits for the whole chart
  const replayed = useUi((state) => state.replayed)
  const loss = measuredAt(losses, replayed)
  const preview = useFloorPreview()
  const hasFloor = loss ? floorOf(loss, 0) !== null : preview !== null
  const wanted = useUi(({ lossView, reading }): LossView => (reading === 'denoiser' ? reading : lossView))
  const straight = useShownRun(({ tick }) => !tick || pathIdsOf(tick.config).every((path) => path === 'linear'))
  const possible = views.filter(({ value }) => (value === 'excess' ? hasFloor : value === 'denoiser' ? straight : true))
  const view = possible.some(({ value }) => value === wanted) ? wanted : 'raw'
  const files = useFiles((state) => state.evaluations)
  const beside = useBesideRuns()
  const panel = useMemo(() => {
    const others = beside.flatMap(({ seen, offset, name }) => {
      const theirs = measuredAt(seen.losses, replayed)
      return theirs ? [{ panel: lossPanel(theirs, null, view), offset, name }] : []
    })
    return withFiles(withBeside(lossPanel(loss, preview, view), others), files, view)
  }, [loss, preview, view, files, beside, replayed])
  const past = replayed !== null
  const history = useMemo(() => (past ? losses.map((one) => lossPanel(one, null, view)) : undefined), [past, losses, view])
  const { lines, axes, tables, csv, spread } = usePanel(panel, history)
  const series = useSeries()
  const told = [{ loss, run: 0 }, ...beside.map(({ seen, run }) => ({ loss: measuredAt(seen.losses, replayed), run }))].find((one) => one.loss && series.some(({ run, hidden }) => run === one.run && !hidden)) ?? { loss, run: 0 }
  const summary = told.loss
    ? lossSentence(told.loss, series.filter(({ hidden, run, replica }) => !hidden && run === told.run && told.loss!.mean[replica]))
    : 'Each run will draw one line here. t = 0 is a clean image, t = 1 is pure noise; the hatched part is what T_min takes out of the regression.'
  const notes = [...(loss ? [`Step ${count(loss.step)}; ${spread}; EMA weights.`] : []), ...panel.notes]
  return (
    <Figure
      name="lossByT"
      title={panel.title}
      summary={summary}
      note={<span className="one-line" title={notes.join(' ')}>{notes.join(' ')}</span>}
      tools={<>{possible.length > 1 && <Choice label="Values" choices={possible} value={view} onChange={choose} />}<What title={panel.title} words={[chartWords.lossByT.summary, summary, ...notes]} formula={chartWords.lossByT.formula} paper={chartWords.lossByT.paper} /></>}
      tables={tables}
      csv={csv}
      step={loss?.step}
      compact={compact}
    >
      <PanelPlot panel={panel} lines={lines} axes={axes} compact={compact} />
    </Figure>
  )
}

function useFloorPreview(): FloorPreview | null {
  const id = useDraft(({ config }) => config.data.dataset)
  const size = useDraft(({ config }) => config.net.size)
  const straight = useDraft(({ config }) => pathIdsOf(config).every((path) => path === 'linear'))
  return useMemo(() => {
    const dataset = datasetOf(id)
    if (!straight || !dataset?.floor || !dataset.sizes.includes(size)) return null
    const t = Array.from({ length: 24 }, (_, i) => 0.001 * 1000 ** (i / 24))
    return { t, floor: t.map((level) => dataset.floor!(level, size)), note: dataset.floorAssumes ?? '' }
  }, [id, size, straight])
}
