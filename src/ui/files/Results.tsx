import { lazy, Suspense } from 'react'
import type { FileEvaluation } from '../../file_protocol.ts'
import { removeEvaluation } from '../../store/files.ts'
import { lossText, seconds } from '../numbers.ts'
import { ImageGrid } from '../samples/ImageGrid.tsx'
import styles from './Files.module.css'

const FilePanel = lazy(() => import('./FilePanel.tsx')) // Recharts comes with it

/** What a network from a file did. Its loss by noise level is on the page's own chart, too. */
export function Results({ evaluation }: { evaluation: FileEvaluation }) {
  const { name, loss, panels, samples, ran, duration } = evaluation
  const values = loss.mean[0].filter((value): value is number => value !== null)
  const mean = values.reduce((sum, value) => sum + value / values.length, 0)
  return (
    <div className={styles.result} data-testid="evaluation">
      <p>
        Mean loss over {loss.t.length} levels: {lossText(mean)}, {loss.count} images each; {ran}, {seconds(duration)}. Its curve is on the chart of loss by noise level.{' '}
        <button type="button" className="quiet" onClick={() => removeEvaluation(name)}>Take it off</button>
      </p>
      <div className={styles.samples}><ImageGrid label={`${samples.count} samples of ${name}`} images={samples.images} count={samples.count} channels={samples.channels} size={samples.size} /></div>
      <Suspense fallback={null}>
        {panels.map((panel) => <FilePanel key={panel.id} name={name} panel={panel} />)}
      </Suspense>
    </div>
  )
}
