import { stepIds, useLesson } from '../../store/lesson.ts'
import { useRecorded } from '../../store/shown.ts'
import { useUi } from '../../store/ui.ts'
import { Modal } from '../dialogs/Modal.tsx'
import { count } from '../numbers.ts'
import { type Figures, atStep, figuresOf, joined } from './figures.ts'
import { lessonTitle, steps } from './lowNoise.ts'
import type { Step } from './step.ts'
import styles from './Sheet.module.css'

/** One page for the teacher: the link, the times, what to expect with its spread, what students get wrong. The browser prints it alone. */
export function Sheet() {
  const open = useUi(({ dialog }) => dialog === 'sheet')
  return (
    <Modal name="sheet" title="Teacher’s sheet">
      {open && <Content />}
    </Modal>
  )
}

function Content() {
  const run = useRecorded((recorded) => recorded.run)
  const at = useLesson((state) => state.at)
  const figures = run && figuresOf(run)
  const minutes = steps.reduce((sum, step) => sum + step.minutes, 0)
  const link = `${location.origin}${location.pathname}#lesson=${stepIds.indexOf(at) + 1}`
  return (
    <div className={styles.sheet}>
      <p className={styles.print}><button type="button" className="primary" onClick={() => print()}>Print</button></p>
      <p><b>{lessonTitle}.</b> Eight steps, {minutes} minutes, by keyboard or touch. Each step: see, predict, do, check, name. A step ends when what it asks for was seen to happen, not by pressing Next.</p>
      <p>The link for the class: <code>{link}</code> opens at the step that is open now. “Copy link” in the header adds the experiment and its seeds, so that all see the same.</p>
      <table>
        <thead><tr><th scope="col">Step</th><th scope="col">min</th><th scope="col">What to expect{figures && `: recorded run, ${atStep(figures)}`}</th><th scope="col">Answer</th></tr></thead>
        <tbody>{steps.map((step, i) => <Row key={step.id} step={step} number={i + 1} figures={figures} />)}</tbody>
      </table>
      {figures && run?.record && <p>Figures: {run.record.title}, recorded on {run.record.date} on {run.record.adapter}, {count(run.tick.cost.parameters)} parameters each. {figures.spread}. A run of the class has numbers of its own; the lesson reads them off it.</p>}
      {!figures && <p>No recorded run came with this page, so that there are no numbers to expect.</p>}
      <h3>What students get wrong</h3>
      <ul>
        <li>“Clean must be easy.” The input is nearly clean; the answer still holds all of the noise, and there is next to no trace of it in the input.</li>
        <li>“High loss means slow learning”, and “low loss means good features”. The floor says what could be learned at all; the probe says what features tell. Neither follows from the loss.</li>
        <li>“t means the same in every paper.” Here t = 0 is clean; in many others t = 0 is noise.</li>
      </ul>
      <h3>In the room</h3>
      <ul>
        <li>Without a GPU, on phones, or with no time to train, the recorded run carries the whole lesson. Who trains needs Chrome, Edge, Safari 26 or Firefox 141 with WebGPU; the experiment “Small, for slow machines” trains in minutes on a software GPU.</li>
        <li>For a projector enlarge the page with Ctrl and +; the layout follows. “Single seeds” and “as table” are in reach of all.</li>
        <li>The page needs no server of its own: put its folder on any web host, or serve it from a laptop. Once open, it asks nothing of the network; progress and answers stay in each browser, so “Copy my answers” is how you get to see them.</li>
      </ul>
    </div>
  )
}

function Row({ step: { title, minutes, check, found }, number, figures }: { step: Step; number: number; figures: Figures | null }) {
  const right = check.right(figures)
  const answer = check.choices(figures).find(({ value }) => value === right)?.label ?? '–'
  return (
    <tr>
      <th scope="row">{number}. {title}</th>
      <td>{minutes}</td>
      <td>{figures ? joined(found(figures), false) || '–' : '–'}</td>
      <td>{answer}</td>
    </tr>
  )
}
