import { type CSSProperties, useEffect, useMemo, useState } from 'react'
import type { PlaneViews, Reading } from '../../panel.ts'
import { Marker } from '../charts/Marker.tsx'
import { useSeries } from '../charts/series.ts'
import { ReadingChoice } from '../charts/ReadingChoice.tsx'
import { useSeedGroups } from '../charts/useSeedGroups.ts'
import { untrainedBelow } from '../../store/replicas.ts'
import { useShownRun } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'
import { fixed } from '../numbers.ts'
import { ToolIcon } from '../ToolIcon.tsx'
import { useMedia } from '../useMedia.ts'
import { type Layers, outside, speeds } from './paint.ts'
import { PlaneCanvas } from './PlaneCanvas.tsx'
import styles from './Plane.module.css'

/** Milliseconds from noise to data, and of rest at the end. */
const TRAVEL = 3200
const REST = 1200

const layerWords: Record<keyof Layers, string> = { arrows: 'Arrows', ways: 'Ways', density: 'Density' }

const arrowWords: Record<Reading, string> = {
  velocity: 'Arrows point where points go, towards less noise; of all views in one scale.',
  denoiser: 'Lines lead from each place to where its answer takes the clean point to be, x̂₀.',
}

/** Points on their way over the plane: every view at the same level, moved by a slider or by itself. */
export function PlaneFigure({ plane, compact }: { plane: PlaneViews; compact: boolean }) {
  const { t, classes } = plane
  const last = t.length - 1
  const [index, setIndex] = useState(last) // where points end, for that is what is asked of them
  const [playing, setPlaying] = useState(false)
  const [layers, setLayers] = useState<Layers>({ arrows: true, ways: false, density: false })
  const calm = useMedia('(prefers-reduced-motion: reduce)')
  const series = useSeries()
  const together = useSeedGroups()
  const typical = useMemo(() => speeds(plane), [plane])
  const reading = useUi((state) => state.reading) ?? 'velocity'
  const config = useShownRun(({ tick }) => tick?.config ?? null)
  const withArrows = plane.views.some(({ arrows }) => arrows)
  const convertible = plane.views.some(({ answers }) => answers)
  const place = Math.min(index, last)

  useEffect(() => {
    if (!playing) return
    if (calm) { // level by level, a second each, in place of motion
      const timer = setInterval(() => setIndex((now) => (now >= last ? 0 : Math.min(last, Math.floor(now) + 4))), 1000)
      return () => clearInterval(timer)
    }
    const began = performance.now()
    let frame = requestAnimationFrame(function move(now) {
      setIndex(Math.min(1, ((now - began) % (TRAVEL + REST)) / TRAVEL) * last)
      frame = requestAnimationFrame(move)
    })
    return () => cancelAnimationFrame(frame)
  }, [playing, calm, last])

  const level = t[Math.floor(place)] + (place % 1) * ((t[Math.floor(place) + 1] ?? 0) - t[Math.floor(place)])
  const shown = plane.views.flatMap((view) => {
    const own = series.find(({ run, replica }) => run === 0 && replica === view.replica)
    const twin = view.replica !== null && together.some((group) => group.slice(1).includes(view.replica!)) // of several seeds the first stands for all
    const untrained = config && view.replica !== null ? untrainedBelow(config, view.replica) : 0
    const off = outside({ extent: plane.extent, view, index: place })
    const said = [level < untrained && `not trained below T_min = ${untrained}`, off > 0 && `${off} of ${view.classes.length} points outside`].filter(Boolean).join('; ')
    return own?.hidden || twin ? [] : [{ view, own, said, name: own?.label ?? view.label }]
  })
  return (
    <div className={compact ? `${styles.plane} ${styles.compact}` : styles.plane}>
      <div className={styles.controls}>
        <button type="button" className={styles.play} onClick={() => setPlaying(!playing)}><ToolIcon name={playing ? 'hold' : 'play'} />{playing ? 'Hold' : 'Play'}</button>
        <label className={styles.level}>
          <span>t = {fixed(level, 2)}</span>
          <input
            type="range" min={0} max={last} step={0.25} value={place} aria-label="Noise level t of the points" aria-valuetext={`t = ${fixed(level, 2)}`}
            onChange={({ target }) => {
              setPlaying(false)
              setIndex(Number(target.value))
            }}
          />
        </label>
        {!compact && (Object.keys(layerWords) as (keyof Layers)[]).map((layer) => (
          <label key={layer} className={styles.layer}>
            <input type="checkbox" checked={layers[layer] && (layer !== 'arrows' || withArrows)} disabled={layer === 'arrows' && !withArrows} onChange={({ target }) => setLayers({ ...layers, [layer]: target.checked })} />
            {layerWords[layer]}{layer === 'arrows' && !withArrows && ': none measured'}
          </label>
        ))}
        {!compact && convertible && <ReadingChoice value={reading} />}
      </div>
      <ul className={styles.views} style={{ '--views': shown.length } as CSSProperties}>
        {shown.map(({ view, own, said, name }) => (
          <li key={`${view.replica} ${name}`}>
            <h3 data-words>
              {own && <svg width="10" height="10" viewBox="-5 -5 10 10" aria-hidden="true"><Marker shape={own.marker} x={0} y={0} colour={own.colour} /></svg>}
              <span>{name}</span>
            </h3>
            <PlaneCanvas {...plane} view={view} index={place} speeds={typical} layers={layers} reading={reading} label={`${name}: ${view.classes.length} points at t = ${fixed(level, 2)}`} />
            <p className={styles.said}>{said}</p>
          </li>
        ))}
      </ul>
      {!compact && (
        <p className={styles.key}>
          <span>Grey: held-out points. {withArrows && arrowWords[convertible ? reading : 'velocity']} {withArrows && plane.views.some(({ mark }) => mark) && 'Ring: the one point that arrows of training pairs lead to. '}Classes:</span>
          {classes.map((name, c) => <span key={name} style={{ '--own': `var(--class-${c % 8})` } as CSSProperties}>{name}</span>)}
        </p>
      )}
    </div>
  )
}
