import { Tabs } from '@base-ui/react/tabs'
import type { ComponentType } from 'react'
import { type ChartName, useUi } from '../store/ui.ts'
import { BandsFigure } from './charts/BandsFigure.tsx'
import { LossByTFigure } from './charts/LossByTFigure.tsx'
import { StepsFigure } from './charts/StepsFigure.tsx'
import { SamplesFigure } from './samples/SamplesFigure.tsx'
import { useMedia } from './useMedia.ts'
import styles from './Charts.module.css'

const charts: { name: ChartName; tab: string; Figure: ComponentType }[] = [
  { name: 'lossByT', tab: 'By noise', Figure: LossByTFigure },
  { name: 'steps', tab: 'Over steps', Figure: StepsFigure },
  { name: 'bands', tab: 'Bands', Figure: BandsFigure },
  { name: 'samples', tab: 'Samples', Figure: SamplesFigure },
]

/** All at once where there is room; on a phone one at a time, because the cost of a chart is in its being there. */
export default function Charts() {
  const narrow = useMedia('(max-width: 56em)')
  const chosen = useUi((state) => state.chart)
  if (!narrow) {
    return <div className={styles.grid}>{charts.map(({ name, Figure }) => <Figure key={name} />)}</div>
  }
  return (
    <Tabs.Root value={chosen} onValueChange={(value) => useUi.setState({ chart: value as ChartName })} className={styles.single}>
      <Tabs.List className={styles.tabs} aria-label="Chart">
        {charts.map(({ name, tab }) => <Tabs.Tab key={name} value={name}>{tab}</Tabs.Tab>)}
      </Tabs.List>
      {charts.map(({ name, Figure }) => <Tabs.Panel key={name} value={name}><Figure /></Tabs.Panel>)}
    </Tabs.Root>
  )
}
