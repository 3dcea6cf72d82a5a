import { type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { type StepId, answer, completed, isComplete, isCovered, numberOf, predict, stepIds, useLesson, writeNotes } from '../../store/lesson.ts'
import { goToStep, leaveLesson, nextStep, startOver } from '../../store/lessonWay.ts'
import { useRun } from '../../store/run.ts'
import { useRecorded } from '../../store/shown.ts'
import { announce, openDialog } from '../../store/ui.ts'
import { Formula } from '../formulas/Formula.tsx'
import { useMedia } from '../useMedia.ts'
import { answersAsText } from './answers.ts'
import { type Figures, atStep, joined } from './figures.ts'
import { lessonTitle, stepOf, steps } from './lowNoise.ts'
import PathPicture from './PathPicture.tsx'
import { useEntering, useFigures, useObserved } from './seen.ts'
import type { Choice, Step } from './step.ts'
import { StepTool } from './tools.tsx'
import styles from './Lesson.module.css'

/** See, predict, do, check, name: each part comes when the one before is done, and no button ends a step by itself. */
export default function Lesson() {
  const at = useLesson((state) => state.at)
  const obstacle = useRun(({ phase }) => phase === 'obstacle')
  const recorded = useRecorded(({ run }) => obstacle && run !== null)
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef<StepId | null>(null)
  useEffect(() => {
    if (before.current === null ? useLesson.getState().byHand : before.current !== at) heading.current?.focus()
    before.current = at
  }, [at])
  return (
    <aside className={styles.panel} id="lesson" aria-label="Lesson" tabIndex={-1}>
      <div className={styles.head}>
        <h2 title={lessonTitle}>Lesson</h2>
        <button type="button" className="quiet" onClick={() => openDialog('sheet')} aria-haspopup="dialog">Teacher’s sheet</button>
        <button type="button" className="quiet" onClick={leaveLesson}>Leave</button>
      </div>
      <Steps at={at} />
      {recorded && <p className={styles.without}>Nothing can be trained here; the whole lesson works from the recorded run.</p>}
      <StepView key={at} step={stepOf(at)} heading={heading} />
    </aside>
  )
}

function Steps({ at }: { at: StepId }) {
  const progress = useLesson((state) => state.progress)
  return (
    <nav aria-label="Steps of the lesson">
      <ol className={styles.steps}>
        {steps.map(({ id, title }) => {
          const done = isComplete(progress[id])
          return (
            <li key={id}>
              <button type="button" aria-current={id === at ? 'step' : undefined} data-done={done || undefined} aria-label={`Step ${numberOf(id)}: ${title}${done ? ', done' : ''}`} title={title} onClick={() => goToStep(id)}>
                {numberOf(id)}
              </button>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

function StepView({ step, heading }: { step: Step; heading: RefObject<HTMLHeadingElement | null> }) {
  const { id, title, see, formula, do: task, predict: question, picture } = step
  const { predicted, did } = useLesson(({ progress }) => progress[id]) ?? {}
  const figures = useFigures()
  useEntering(step)
  useObserved(step, figures)
  const live = useRun(({ tick }) => tick !== null)
  const narrow = useMedia('(max-width: 56em)')
  const beside = useLesson((state) => isCovered(state, live)) && !narrow // in place of the charts
  return (
    <article className={styles.step}>
      <h3 ref={heading} tabIndex={-1}>{numberOf(id)}. {title}</h3>
      {see.map((sentence) => <p key={sentence}>{sentence}</p>)}
      <Formula latex={formula} />
      {picture && !beside && <PathPicture />}
      <Part title="Predict">
        <p>{question.ask}</p>
        <Choices label={question.ask} choices={question.choices} chosen={predicted} settled={predicted !== undefined} choose={(value) => predict(id, value)} />
      </Part>
      {predicted !== undefined && (
        <Part title="Do">
          <p>{task.words} {task.done && !did && <ToChart />}</p>
          {task.tool && <StepTool tool={task.tool} />}
          <p className={styles.said}>{did ? '✓ Done.' : 'Not done yet.'}</p>
        </Part>
      )}
      {predicted !== undefined && did && <CheckPart step={step} figures={figures} />}
    </article>
  )
}

/** On a phone, where the chart is below. */
function ToChart() {
  return <button type="button" className={`quiet ${styles.jump}`} onClick={() => document.getElementById('charts')?.scrollIntoView()}>To the chart ↓</button>
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <h4>{title}</h4>
      {children}
    </section>
  )
}

interface ChoicesProps {
  label: string
  choices: readonly Choice[]
  chosen: string | undefined
  /** No other can be chosen any more; the buttons stay where the keyboard is. */
  settled: boolean
  choose(value: string): void
}

function Choices({ label, choices, chosen, settled, choose }: ChoicesProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a fieldset's legend would say the question twice
    <div className={styles.choices} role="group" aria-label={label} data-short={choices.every((choice) => choice.label.length < 14) || undefined}>
      {choices.map(({ value, label: words }) => (
        <button key={value} type="button" aria-pressed={value === chosen} aria-disabled={settled} onClick={() => !settled && choose(value)}>{words}</button>
      ))}
    </div>
  )
}

function CheckPart({ step, figures }: { step: Step; figures: Figures | null }) {
  const { id, check } = step
  const { answered, right } = useLesson(({ progress }) => progress[id]) ?? {}
  const wanted = check.right(figures)
  const choices = check.choices(figures)
  const said = () => {
    if (right) return '✓ Right.'
    if (wanted === null) return check.lacks ?? 'This run does not tell: there is no run on the charts, or it has not been measured yet.'
    return answered === undefined ? '' : `Not that one. ${check.hint}`
  }
  return (
    <>
      <Part title="Check">
        <p>{check.ask} <ToChart /></p>
        <Choices label={check.ask} choices={choices} chosen={answered} settled={right === true || wanted === null} choose={(value) => answer(id, value, value === wanted)} />
        <output className={styles.said} style={{ display: 'block' }}>{said()}</output>
      </Part>
      {right && <Name step={step} figures={figures} />}
    </>
  )
}

function Name({ step, figures }: { step: Step; figures: Figures | null }) {
  const { id, name, caveat } = step
  const claims = useRecorded(({ run }) => run?.record?.claims)
  const not = claims ? (caveat?.(claims) ?? null) : null
  const last = id === stepIds.at(-1)
  return (
    <Part title={`Name it: ${name.term}`}>
      {name.words.map((sentence) => <p key={sentence}>{sentence}</p>)}
      <Found step={step} figures={figures} />
      {not && <p>{not}</p>}
      <p className={styles.paper}>{name.paper}</p>
      {last ? <End /> : <p className={styles.next}><button type="button" className="primary" onClick={nextStep}>Next: {steps[numberOf(id)].title}</button></p>}
    </Part>
  )
}

/** The numbers of the run in front of the student, with how many seeds and how far they spread. */
function Found({ step, figures }: { step: Step; figures: Figures | null }) {
  if (!figures) return null
  const sentences = step.found(figures)
  if (sentences.length === 0) return null
  return (
    <div className={styles.found} data-found={step.id}>
      <p>{figures.run}, at {atStep(figures)}: {joined(sentences)}</p>
      <small>{figures.spread}.</small>
    </div>
  )
}

function End() {
  const notes = useLesson((state) => state.notes)
  const done = useLesson(completed)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(answersAsText(useLesson.getState()))
      announce('Your answers are copied.')
    } catch {
      announce('The browser did not allow copying.')
    }
  }
  return (
    <>
      <label>
        <b>In your own words: what did LCF gain, and what did it pay?</b>
        <textarea className={styles.notes} value={notes} maxLength={20_000} onChange={({ target }) => writeNotes(target.value)} />
      </label>
      <p className={styles.next}>
        <button type="button" onClick={() => void copy()}>Copy my answers</button>
        <span>{done === stepIds.length ? 'All eight steps are done.' : `${done} of ${stepIds.length} steps are done.`}</span>
      </p>
      <p>To go on: λ = 0 and λ = 1; T_min from 0.02 to 0.2; three seeds instead of one; and a run of your own design that breaks LCF. What you write stays in this browser.</p>
      <p className={styles.next}>
        <button type="button" className="primary" onClick={leaveLesson}>To the whole lab</button>
        <button type="button" className="quiet" onClick={startOver}>Start over, for the next student</button>
      </p>
    </>
  )
}
