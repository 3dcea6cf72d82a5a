import { useMemo } from 'react'
import { datasetOf } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { useRun } from '../../store/run.ts'
import { setLossView, useUi } from '../../store/ui.ts'
import { count, fixed, short } from '../numbers.ts'
import { Choice } from '../Choice.tsx'
import { DataTable } from './DataTable.tsx'
import { Figure } from './Figure.tsx'
import { LossByTChart } from './LossByTChart.tsx'
import { lossRows, lossSentence, notShown } from './lossByT.ts'
import { useSeries } from './series.ts'

const views = [{ value: 'raw', label: 'Loss' }, { value: 'excess', label: 'Above floor' }] as const

/** The chart the lab is about. Before a run it shows what is known without one: the floor, and where T_min cuts. */
export function LossByTFigure() {
  const loss = useRun(({ tick }) => tick?.lossByT ?? null)
  const series = useSeries()
  const preview = useFloorPreview()
  const hasFloor = loss ? loss.floor !== null : preview !== null
  const wanted = useUi((state) => state.lossView)
  const view = hasFloor ? wanted : 'raw'
  const shown = useMemo(() => series.filter(({ hidden, index }) => !hidden && loss?.mean[index]), [series, loss])
  const missing = useMemo(() => (loss && view === 'excess' ? notShown(lossRows(loss, view, 1e-9), loss.mean.length) : 0), [loss, view])

  const summary = loss
    ? lossSentence(loss, shown)
    : 'Each run will draw one line here. t = 0 is a clean image, t = 1 is pure noise; the hatched part is what T_min takes out of the regression.'
  const note = [
    loss && `Step ${count(loss.step)}, ${count(loss.count)} held-out images per level, same images and noise for all; band ± 1 standard error.`,
    (loss?.floorNote || preview?.note) && `Floor, dashed: ${loss?.floorNote || preview?.note}`,
    missing > 0 && `${missing} values at or below the floor are not shown.`,
  ]
  return (
    <Figure
      name="lossByT"
      title="Loss by noise level"
      summary={summary}
      note={note.filter(Boolean).join(' ')}
      tools={hasFloor && <Choice label="Values" choices={views} value={view} onChange={setLossView} />}
      table={() => (
        <DataTable
          caption={`Held-out loss by noise level${loss ? ` at step ${loss.step}, mean ± standard error of ${loss.count} images` : ''}`}
          columns={['t', ...shown.map(({ label }) => label), ...(hasFloor ? ['floor'] : [])]}
          rows={
            loss
              ? loss.t.map((t, i) => [
                  short(t),
                  ...shown.map(({ index }) => `${fixed(loss.mean[index][i])} ± ${fixed(loss.standardError[index]?.[i])}`),
                  ...(loss.floor ? [fixed(loss.floor[i])] : []),
                ])
              : (preview?.t ?? []).map((t, i) => [short(t), ...(preview ? [fixed(preview.floor[i])] : [])])
          }
        />
      )}
    >
      <p className="axis-name">{view === 'raw' ? 'loss per pixel' : 'loss per pixel minus floor'}, log</p>
      <LossByTChart loss={loss} preview={preview} series={series} view={view} />
      <p className="axis-name x">clean ← noise level t, log → noise</p>
    </Figure>
  )
}

function useFloorPreview() {
  const id = useDraft(({ config }) => config.data.dataset)
  const size = useDraft(({ config }) => config.net.size)
  return useMemo(() => {
    const dataset = datasetOf(id)
    if (!dataset?.floor || !dataset.sizes.includes(size)) return null
    const t = Array.from({ length: 24 }, (_, i) => 0.001 * 1000 ** (i / 24))
    return { t, floor: t.map((level) => dataset.floor!(level, size)), note: dataset.floorAssumes ?? '' }
  }, [id, size])
}
