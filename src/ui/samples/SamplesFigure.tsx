import { type ComponentProps, type CSSProperties, type ReactNode, useMemo } from 'react'
import { adaptiveSolvers, type EvaluateConfig } from '../../config.ts'
import type { SampleGrid } from '../../protocol.ts'
import { datasetOf, pointsOf } from '../../store/catalog.ts'
import { useData } from '../../store/data.ts'
import { useDraft } from '../../store/draft.ts'
import { useShownRun } from '../../store/shown.ts'
import { Figure } from '../charts/Figure.tsx'
import { Marker } from '../charts/Marker.tsx'
import { What } from '../charts/What.tsx'
import { tell } from '../charts/sentences.ts'
import { type Series, useBesideRuns, useSeries } from '../charts/series.ts'
import { shortNames } from '../charts/endLabels.ts'
import { useSeedGroups } from '../charts/useSeedGroups.ts'
import { chartWords } from '../charts/words.ts'
import { count as written, fixed, short } from '../numbers.ts'
import { PointGrid } from '../plane/PointGrid.tsx'
import { ImageGrid } from './ImageGrid.tsx'
import { statistics } from './statistics.ts'
import styles from './Samples.module.css'

/** What each replica draws from the same noise, beside real images. */
export function SamplesFigure() {
  const grid = useShownRun(({ tick }) => tick?.samples ?? null)
  const evaluate = useShownRun(({ tick }) => tick?.config.evaluate ?? null)
  const series = useSeries()
  const beside = useBesideRuns()
  const real = useRealImages()
  const shown = series.filter(({ hidden }) => !hidden)
  const grids = useMemo(() => new Map(series.flatMap(({ index, run, replica }) => {
    const own = run === 0 ? grid : beside[run - 1].seen.tick.samples
    return own?.images[replica] ? [[index, { ...own, images: own.images[replica] }] as const] : []
  })), [series, grid, beside])
  const drafted = useDraft(({ config }) => config.data.dataset)
  const dataset = useShownRun(({ tick }) => tick?.config.data.dataset) ?? drafted
  const label = datasetOf(dataset)?.label ?? 'Real'
  const realGrid = grid ? { images: grid.real, count: grid.real.length / (grid.channels * grid.size ** 2), channels: grid.channels, size: grid.size } : real
  const groups = useSeedGroups()
  // Where there is no room for every seed, the first stands for all, unless they are asked for one by one.
  const drawn = byArm(shown.length > most ? shown.filter(({ index }) => !groups.some((group) => group.slice(1).includes(index))) : shown)
  const many = drawn.length > most
  const headings = shortNames(drawn.map(({ label: own }) => headingOf(own)), 6)
  const rows = useMemo(() => {
    const known = series.flatMap(({ label: name, index }) => (grids.has(index) ? [{ name, images: grids.get(index)!.images }] : []))
    return [...(grid ? [{ name: 'real', images: grid.real }] : []), ...known].map(({ name, images }) => {
      const { mean, deviation, least, greatest } = statistics(images)
      return [name, fixed(mean), fixed(deviation), short(least), short(greatest)]
    })
  }, [grid, grids, series])
  return (
    <Figure
      compact
      name="samples"
      title="Samples"
      tools={<What title="Samples" words={[chartWords.samples.summary]} formula={chartWords.samples.formula} paper={chartWords.samples.paper} />}
      summary={grid ? samplesSentence(grid, grids, shown) : 'Real images now; after some training, what each network draws, each from the same noise.'}
      note={grid && evaluate ? `Step ${written(grid.step)}: ${grid.count} images each, same noise; EMA weights, ${[solverSaid(evaluate, grid), grid.steered].filter(Boolean).join(', ')}.${drawn.length < shown.length ? ' Of several seeds the first.' : ''}` : undefined}
      step={grid?.step}
      tables={() => [{ caption: 'Pixel statistics of the images shown', columns: ['images', 'mean', 'standard deviation', 'least', 'greatest'], rows }]}
    >
      <div className={many ? `${styles.grids} ${styles.many}` : styles.grids} style={{ '--columns': 1 + Math.ceil(drawn.length / rowsOf(drawn)), '--rows': rowsOf(drawn) } as CSSProperties}>
        {realGrid && (
          <Frame title="Real">
            <Grid dataset={dataset} label={`${realGrid.count} real images: ${label}`} {...realGrid} />
          </Frame>
        )}
        {drawn.map(({ index, label: name, colour, marker }, i) => (
          <Frame key={index} name={name} title={<><svg width="10" height="10" viewBox="-5 -5 10 10" aria-hidden="true"><Marker shape={marker} x={0} y={0} colour={colour} /></svg><span>{headings[i]}</span></>}>
            <Drawn dataset={dataset} name={name} grid={grids.get(index)} />
          </Frame>
        ))}
      </div>
    </Figure>
  )
}

/** “25 euler steps”; how often a solver asked that did so differently for each network. */
function solverSaid({ solver, solverSteps }: EvaluateConfig, { evaluations, rejected, forced }: SampleGrid): string {
  if (!adaptiveSolvers.includes(solver)) return `${solverSteps} ${solver === 'sde' ? 'SDE' : solver} steps${evaluations ? `, ${rangeOf(evaluations)} evaluations` : ''}`
  const inexact = forced?.some((count) => count > 0) ? `, ${rangeOf(forced)} taken with a larger error than allowed` : ''
  return `${solver}${evaluations && rejected ? `, ${rangeOf(evaluations)} evaluations, ${rangeOf(rejected)} steps taken back${inexact}` : ''}`
}

function rangeOf(values: readonly number[]): string {
  const [least, greatest] = [Math.min(...values), Math.max(...values)]
  return least === greatest ? written(least) : `${written(least)} to ${written(greatest)}`
}

/** The samples of one replica. */
type OwnGrid = Omit<SampleGrid, 'images'> & { images: Float32Array }

function Drawn({ dataset, name, grid }: { dataset: string; name: string; grid: OwnGrid | undefined }) {
  if (!grid) return <p className={styles.empty}>not sampled yet</p>
  const { images, count, channels, size, step } = grid
  return <Grid dataset={dataset} label={`${count} samples of ${name} at step ${step}`} images={images} count={count} channels={channels} size={size} />
}

/** Images side by side, or points of a plane in one picture. */
function Grid({ dataset, ...grid }: ComponentProps<typeof ImageGrid> & { dataset: string }) {
  const { images, channels, size, label } = grid
  const plane = useMemo(() => pointsOf(dataset, images, channels * size * size, size), [dataset, images, channels, size])
  return plane ? <PointGrid label={label} {...plane} /> : <ImageGrid {...grid} />
}

/** So many have room in two rows. */
const most = 8

/** Three stand in a row with the real images; more, in two rows beside them. */
const rowsOf = (shown: readonly Series[]) => (shown.length > 3 ? 2 : 1)

/** Seeds of one arm beside each other. */
const byArm = (shown: readonly Series[]) => shown.toSorted((a, b) => a.arm - b.arm)

/** A small picture has room for a short name. */
const headingOf = (label: string) => label.replace(/, seed (\d+)$/, ' s$1')

function Frame({ name, title, children }: { name?: string; title: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.frame}>
      <h3 title={name}>{title}</h3>
      {children}
    </div>
  )
}

function samplesSentence({ real }: SampleGrid, grids: ReadonlyMap<number, OwnGrid>, shown: readonly Series[]): string {
  const contrast = (pixels: Float32Array | undefined) => pixels && statistics(pixels).deviation
  return `Contrast (SD of the pixels): ${tell(shown, ({ index }) => contrast(grids.get(index)?.images), fixed)}; real images ${fixed(contrast(real))}.`
}

/** Points to be learned, before there is anything else to see. */
export function HeldOutPoints() {
  const dataset = useDraft(({ config }) => config.data.dataset)
  const real = useRealImages()
  const label = datasetOf(dataset)?.label
  return real && <div className={styles.heldOut}><Grid dataset={dataset} label={`${real.count} held-out points of ${label}`} {...real} /><p>{label}</p></div>
}

/** The held-out images of the draft's data set, drawn on the page itself, so that they are there before any run and without a GPU. */
function useRealImages() {
  const { dataset: id, seed } = useDraft(({ config }) => config.data)
  const size = useDraft(({ config }) => config.net.size)
  const count = useDraft(({ config }) => config.evaluate.samples)
  const dataset = useData(() => datasetOf(id)) // a set of one's own is found a moment after the page stands
  return useMemo(() => {
    if (!dataset?.sizes.includes(size)) return null
    const { images, channels } = dataset.generate(count, { seed, split: 'test', size })
    return { images, count, channels, size }
  }, [dataset, seed, size, count])
}
