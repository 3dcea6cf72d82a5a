import { type CSSProperties, useEffect, useState } from 'react'
import { replay, useUi } from '../../store/ui.ts'
import { count } from '../numbers.ts'
import { useMedia } from '../useMedia.ts'
import styles from './Diagnostics.module.css'

/** Replays how the charts changed during training: one place per step at which something was measured, the latest at the right. */
export function Scrubber({ steps }: { steps: readonly number[] }) {
  const replayed = useUi((state) => state.replayed)
  const [playing, setPlaying] = useState(false)
  const calm = useMedia('(prefers-reduced-motion: reduce)')
  const last = steps.length - 1
  const found = steps.findLastIndex((step) => replayed !== null && step <= replayed)
  const place = replayed === null || found < 0 ? last : found

  useEffect(() => {
    if (!playing) return
    const timer = setTimeout(() => {
      if (place + 1 < last) replay(steps[place + 1])
      else {
        replay(null)
        setPlaying(false)
      }
    }, calm ? 1000 : 350)
    return () => clearTimeout(timer)
  }, [playing, place, last, steps, calm])

  if (steps.length < 2) return null
  const go = (index: number) => replay(index >= last ? null : steps[index])
  const play = () => {
    if (!playing && replayed === null) replay(steps[0])
    setPlaying(!playing)
  }
  const words = `step ${count(steps[place])}${replayed === null ? ', the latest' : ''}`
  return (
    <div className={styles.scrubber}>
      <button type="button" className="quiet" onClick={play}>{playing ? 'Hold' : 'Replay'}</button>
      <input
        type="range"
        min={0}
        max={last}
        step={1}
        value={place}
        aria-label="Training step shown"
        aria-valuetext={words}
        style={{ '--at': place / last } as CSSProperties}
        onChange={(event) => {
          setPlaying(false)
          go(Number(event.target.value))
        }}
      />
      <span aria-hidden="true">{replayed === null ? 'latest' : `step ${count(steps[place])}`}</span>
    </div>
  )
}
