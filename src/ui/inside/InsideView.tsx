import { useHotkeys } from 'react-hotkeys-hook'
import { passOf } from '../../config.ts'
import { stepOnce } from '../../store/actions.ts'
import { playOrStop, stepMove, stepStage, useInside } from '../../store/inside.ts'
import { lookInside } from '../../store/looking.ts'
import { hasRun, useRun } from '../../store/run.ts'
import { useUi } from '../../store/ui.ts'
import { count, fixed, short } from '../numbers.ts'
import { What } from '../charts/What.tsx'
import { useMedia } from '../useMedia.ts'
import { MoveView } from './MoveView.tsx'
import { Stages } from './Stages.tsx'
import { Transport } from './Transport.tsx'
import styles from './Inside.module.css'

const insideWords = {
  summary: 'A recording of the GPU’s own work: each move is one kernel or a few, with the tensors that it read and wrote, their shapes, and the file that it is written in.',
  more: 'A square of a picture is one number, from the smallest of its tensor to the greatest; the figures below name both. Forward leads from the noised image through the blocks to the loss, backward to a gradient for every tensor, and AdamW changes the weights last.',
  paper: 'LCF Algorithm 1 (arXiv 2509.20952); DiT fig. 3, adaLN-Zero (arXiv 2212.09748)',
}

/** One real training step, tensor by tensor, forward and back. */
export default function InsideView() {
  const walk = useInside((state) => state.walk)
  const at = useInside((state) => state.at)
  const ready = walk !== null
  useStepKeys(ready)
  return (
    <section className={styles.inside} aria-labelledby="inside">
      <div className={styles.about}>
        <div className={styles.head}>
          <div className={styles.title}>
            <h2 id="inside">Inside a training step</h2>
            <What title="Inside a training step" words={[insideWords.summary, insideWords.more]} paper={insideWords.paper} />
          </div>
          <Ask />
        </div>
        <Problem />
        <p>The step that the run takes next, on a copy of its weights: every tensor in the order in which the GPU writes it, from the noised image to the loss and back to the weights. The run itself does not notice.</p>
        {walk && <Found />}
      </div>
      {walk && (
        <>
          <Transport count={walk.moves.length} />
          <div className={styles.columns}>
            <MoveView walk={walk} at={at} />
            <Stages walk={walk} at={at} />
          </div>
        </>
      )}
    </section>
  )
}

/** Of which replica and which image of its batch; or what to do first. */
function Ask() {
  const phase = useRun((state) => state.phase)
  const tick = useRun((state) => state.tick)
  const asked = useInside((state) => state.asked !== null)
  const again = useInside((state) => state.walk !== null)
  const [replica, sample] = [useInside((state) => state.replica), useInside((state) => state.sample)]
  if (!hasRun(phase) || !tick) {
    const idle = phase === 'idle'
    return (
      <div className={styles.ask}>
        <p>{phase === 'obstacle' ? 'It needs a run of your own, and there is no GPU here to make one.' : 'It needs a run of your own: press Run, or take a single step.'}</p>
        {idle && <button type="button" onClick={stepOnce}>Take one step</button>}
      </div>
    )
  }
  const { replicas, config: { train } } = tick
  const batch = passOf(train)
  return (
    <div className={styles.ask}>
      {replicas.length > 1 && (
        <select aria-label="Replica" value={Math.min(replica, replicas.length - 1)} onChange={(event) => useInside.setState({ replica: Number(event.target.value) })}>
          {replicas.map(({ label }, index) => <option key={label + String(index)} value={index}>{label}</option>)}
        </select>
      )}
      <select aria-label="Image of the batch" value={Math.min(sample, batch - 1)} onChange={(event) => useInside.setState({ sample: Number(event.target.value) })}>
        {Array.from({ length: batch }, (_, index) => <option key={index} value={index}>image {index + 1} of {batch}</option>)}
      </select>
      <button type="button" className={again ? '' : 'primary'} disabled={asked} onClick={() => lookInside(replicas.length, batch)}>{asked ? 'Walking …' : 'Walk the next step'}</button>
    </div>
  )
}

function Problem() {
  const problem = useInside((state) => state.problem)
  return problem && <p role="alert">{problem.charAt(0).toUpperCase()}{problem.slice(1)}{/[.!?]$/.test(problem) ? '' : '.'}</p>
}

/** What the step came to, and what the letters stand for. */
function Found() {
  const walk = useInside((state) => state.walk)!
  const now = useRun(({ tick }) => (tick?.runId === walk.runId ? tick.step : null))
  const { step, label, sample, batch, parts, t, loss, gradientNorm, letters, moves } = walk
  const later = now === null ? ' of a run before' : now >= step ? `; the run is at step ${count(now)} now` : ''
  return (
    <>
      <p>
        Step {count(step)} of {label}{later}. Image {sample + 1} of {batch}{parts > 1 && <> in the last of {parts} micro-batches</>}{t !== null && <>, noise level t = {fixed(t)}</>}. {moves.length} moves; flow-matching loss {short(loss)}, gradient length {short(gradientNorm)}.
      </p>
      <p className={styles.letters}>
        {letters.map(({ letter, value, words }) => <span key={letter}><b>{letter}</b> {count(value)} {words}</span>)}
      </p>
    </>
  )
}

/** Arrows walk; whatever takes arrows itself keeps them. */
function useStepKeys(enabled: boolean): void {
  const still = useMedia('(prefers-reduced-motion: reduce)')
  const taken = (event: KeyboardEvent) => useUi.getState().dialog !== null
    || (event.target instanceof Element && event.target.closest('input, select, textarea, [data-scroll], [role=slider], [role=tab], [role=menu], [role=dialog]') !== null)
  const options = { enabled, ignoreEventWhen: taken, preventDefault: true }
  useHotkeys('right', () => stepMove(1), options)
  useHotkeys('left', () => stepMove(-1), options)
  useHotkeys('shift+right', () => stepStage(1), options)
  useHotkeys('shift+left', () => stepStage(-1), options)
  useHotkeys('p', playOrStop, { ...options, enabled: enabled && !still })
}
