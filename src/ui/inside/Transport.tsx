import { useEffect } from 'react'
import { playOn, playOrStop, showMove, stepMove, stepStage, useInside } from '../../store/inside.ts'
import { useMedia } from '../useMedia.ts'
import styles from './Inside.module.css'

const paces = [0.5, 1, 2, 4, 8]

/** Move by move, stage by stage, or by itself in slow motion, which a system that asks for less motion is spared. */
export function Transport({ count }: { count: number }) {
  const at = useInside((state) => state.at)
  const still = useMedia('(prefers-reduced-motion: reduce)')
  return (
    <div className={styles.transport}>
      <button type="button" onClick={() => stepStage(-1)} disabled={at === 0} aria-label="Stage back" title="Stage back (Shift ←)">«</button>
      <button type="button" onClick={() => stepMove(-1)} disabled={at === 0} aria-label="One move back" title="One move back (←)">‹</button>
      <button type="button" onClick={() => stepMove(1)} disabled={at === count - 1} aria-label="One move on" title="One move on (→)">›</button>
      <button type="button" onClick={() => stepStage(1)} disabled={at === count - 1} aria-label="Next stage" title="Next stage (Shift →)">»</button>
      <input type="range" min={1} max={count} value={at + 1} onChange={(event) => showMove(Number(event.target.value) - 1)} aria-label="Move" />
      <span className={styles.place}>{at + 1} of {count}</span>
      {!still && <SlowMotion />}
    </div>
  )
}

function SlowMotion() {
  const playing = useInside((state) => state.playing)
  const pace = useInside((state) => state.pace)
  useEffect(() => {
    if (!playing) return undefined
    const timer = setInterval(playOn, 1000 * pace)
    return () => clearInterval(timer)
  }, [playing, pace])
  useEffect(() => () => useInside.setState({ playing: false }), [])
  return (
    <>
      <button type="button" aria-pressed={playing} onClick={playOrStop} title="Slow motion (P)">{playing ? 'Stop' : 'Slow motion'}</button>
      <select aria-label="Pace of slow motion" value={pace} onChange={(event) => useInside.setState({ pace: Number(event.target.value) })}>
        {paces.map((seconds) => <option key={seconds} value={seconds}>{seconds} s a move</option>)}
      </select>
    </>
  )
}
