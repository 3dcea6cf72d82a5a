import type { StepWalk } from '../../step_walk.ts'
import { showMove } from '../../store/inside.ts'
import { shapeText } from './paint.ts'
import { AttentionFigure, TensorFigure } from './TensorFigure.tsx'
import styles from './Inside.module.css'

/** One dispatch: the kernel, what it read, what it wrote. */
export function MoveView({ walk, at }: { walk: StepWalk; at: number }) {
  const move = walk.moves[at]
  const { stage, kernel, source, variant, workgroups, reads, writes, attention } = move
  const place = walk.stages.find(({ name }) => name === stage)
  const { about, text } = walk.kernels[kernel]
  return (
    <section className={styles.move} aria-label={`Move ${at + 1}`}>
      <h3>{stage}: {writes.map(({ name }) => name).join(', ') || kernel}</h3>
      {place?.words && <p>{place.words}.</p>}
      <div className={styles.tensors}>
        {attention && <AttentionFigure attention={attention} />}
        {/^attention(_lanes)?$/.test(kernel) && !attention && <p>There are too many tokens to show who looks at whom.</p>}
        {writes.map((tensor) => <TensorFigure key={tensor.name} tensor={tensor} />)}
      </div>
      {/ backward$/.test(stage) && writes.some(({ statistics: { low, high } }) => low === 0 && high === 0) && <p>All zero? At the start every gate is 0 (adaLN-zero), so nothing comes back through the blocks until the first steps have opened them.</p>}
      {writes.length === 0 && <p>It writes no tensor: only counts that later moves go by.</p>}
      <dl className={styles.facts}>
        <dt>Kernel</dt>
        <dd><code>shaders/{kernel}.wgsl</code>{source && <>, recorded in <code>{source}</code></>}{place?.source && <>, called from <code>{place.source}</code></>}</dd>
        <dt>Work</dt>
        <dd>{workgroups.join(' × ')} workgroups{variant && <>; <code>{variant}</code></>}</dd>
        {reads.length > 0 && (
          <>
            <dt>Reads</dt>
            <dd>
              <ul className={styles.reads}>
                {reads.map(({ name, letters, sizes, from }, index) => (
                  <li key={`${name} ${index}`}>
                    {from === null ? <code>{name}</code> : <button type="button" className="quiet" onClick={() => showMove(from)} title={`Written by move ${from + 1}`}><code>{name}</code></button>}
                    <small>{shapeText(letters, sizes)}</small>
                  </li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
      <details className={styles.source}>
        <summary>What the kernel does, and its source</summary>
        <p>{about}</p>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard */}
        <section className={styles.code} data-scroll tabIndex={0} aria-label={`Source of ${kernel}`}><pre>{text}</pre></section>
      </details>
    </section>
  )
}
