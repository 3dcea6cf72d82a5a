import { useId, useRef, useState } from 'react'
import type { EvaluateCommand, ModelAbout, ModelReading, OpenedFile } from '../../file_protocol.ts'
import { datasetOf } from '../../store/catalog.ts'
import { useDraft } from '../../store/draft.ts'
import { ask, evaluateFile, hasFastGpu, settingsFor, stopEvaluating, useFiles } from '../../store/files.ts'
import { useRun } from '../../store/run.ts'
import { count } from '../numbers.ts'
import { Results } from './Results.tsx'
import styles from './Files.module.css'

interface Props {
  opened: OpenedFile
  about: ModelAbout
}

/** How the network is asked, and what it does with held-out images. */
export function Evaluate({ opened, about }: Props) {
  const asked = useFiles((state) => state.asked)
  const evaluating = useFiles((state) => state.evaluating)
  const evaluation = useFiles(({ evaluations }) => evaluations.find(({ name }) => name === opened.name) ?? null)
  const running = useRun(({ tick }) => (tick ? JSON.stringify(tick.config) : null)) // text: a tick brings a new object each time
  const draft = useDraft((state) => state.config)
  const [labelled, setLabelled] = useState(512)
  const [gpu, setGpu] = useState(hasFastGpu)
  const [compare, setCompare] = useState(0)
  const [extractor, setExtractor] = useState<EvaluateCommand['extractor']>(null)
  if (!asked) return <p>Nothing in this model takes images, so it cannot be evaluated here.</p>
  const config = settingsFor(opened, asked, running ? JSON.parse(running) : draft)
  const dataset = config && datasetOf(config.data.dataset)
  return (
    <section aria-label="Evaluation">
      <h3>Evaluation</h3>
      {opened.config ? <details className={styles.fold}><summary>How it is asked: as the lab wrote it</summary><Reading about={about} asked={asked} /></details> : <Reading about={about} asked={asked} />}
      <div className={styles.asked}>
        <Select label="Features for probes" value={asked.features ?? ''} options={[['', 'none'], ...featureChoices(about, asked)]} onChange={(value) => ask({ features: value || null })} />
        {asked.features !== null && <Select label="Images for probes" value={String(labelled)} options={[128, 512, 2048].map((each) => [String(each), `${count(each)} with a label, ${count(each)} to ask about`])} onChange={(value) => setLabelled(Number(value))} />}
        <Select label="Samples to judge" value={String(compare)} options={comparisons} onChange={(value) => setCompare(Number(value))} />
        {compare > 0 && <OwnFeatures extractor={extractor} change={setExtractor} />}
        <Select label="Run on" value={gpu ? 'gpu' : 'cpu'} options={[['cpu', 'the processor'], ['gpu', 'the GPU, if its answers agree']]} onChange={(value) => setGpu(value === 'gpu')} />
      </div>
      {!config || !dataset ? <p>No data set here has such images; bring in your own under Data.</p> : (
        <p>
          {count(config.evaluate.perLevel)} held-out images of {dataset.label} at {config.evaluate.levels} noise levels, {running && 'the same as the run’s, '}and {count(config.evaluate.samples)} samples.
        </p>
      )}
      {evaluating ? (
        <p className={styles.progress}>
          <progress aria-label="Evaluated" max={1} value={evaluating.total > 0 ? evaluating.done / evaluating.total : undefined} />
          <span>{evaluating.label}</span>
          <button type="button" onClick={stopEvaluating}>Cancel</button>
        </p>
      ) : (
        <p><button type="button" className="primary" disabled={!config || !dataset} onClick={() => config && evaluateFile(config, { labelled: asked.features === null ? 0 : labelled, gpu, compare, extractor })}>Evaluate</button></p>
      )}
      {evaluation && <Results evaluation={evaluation} />}
    </section>
  )
}

const comparisons = [0, 256, 1000, 7500].map((each): [string, string] => [String(each), each === 0 ? 'none' : `${count(each)}, against as many held-out images`])

/** A network of the visitor's in whose features samples are compared as well. */
function OwnFeatures({ extractor, change }: { extractor: EvaluateCommand['extractor']; change: (next: EvaluateCommand['extractor']) => void }) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const choose = (files: FileList | null) => {
    // The network first, then what holds its weights.
    const named = Array.from(files ?? [], (file) => ({ name: file.name, file })).sort((a, b) => Number(/\.onnx$/i.test(b.name)) - Number(/\.onnx$/i.test(a.name)))
    if (named.length > 0) change({ range: extractor?.range ?? 'signed', files: named })
  }
  return (
    <>
      <label htmlFor={id}>Compared in</label>
      <span>
        {extractor ? `${extractor.files[0].name}, and ` : ''}the lab’s own features{' '}
        <button type="button" className="quiet" id={id} onClick={() => (extractor ? change(null) : input.current?.click())}>{extractor ? 'Without it' : 'Add an ONNX network …'}</button>
        <input ref={input} type="file" multiple hidden aria-label="An ONNX network that makes features" onChange={({ target }) => { choose(target.files); target.value = '' }} />
      </span>
      {extractor && <Select label="Its pixels go" value={extractor.range} options={[['signed', 'from −1 to 1'], ['unit', 'from 0 to 1']]} onChange={(range) => change({ ...extractor, range: range as ModelReading['range'] })} />}
    </>
  )
}

function featureChoices({ outputs, values }: ModelAbout, { output }: ModelReading): [string, string][] {
  const named = outputs.filter(({ name }) => name !== output).map(({ name }): [string, string] => [name, name])
  const rest = values.filter(({ name, shape }) => shape.length <= 4 && !outputs.some((one) => one.name === name)).map(({ name, shape }): [string, string] => [name, `${name} (${shape.join(', ')})`])
  return [...named, ...rest.slice(0, 500)]
}

const paths = [
  ['linear', 'the straight line from image to noise'],
  ['ddpm', 'DDPM’s 1,000 steps, β from 0.0001 to 0.02 (DiT)'],
  ['vp', 'the variance-preserving path (SiT’s VP)'],
  ['cosine', 'the cosine path (SiT’s GVP)'],
  ['power', 'a power path, β = tᵖ, α = 1 − tᵖ'],
  ['power-noise', 'a power path, β = tᵖ, α = 1 − t'],
  ['lipman', 'Lipman’s path with σ_min'],
  ['scaled', 'the linear path with noise of its own size'],
  ['linear-vp', 'the path with α = 1 − t that preserves variance'],
  ['ve', 'the variance-exploding path (VE)'],
] as const satisfies [ModelReading['path'], string][]
const answers = [
  ['velocity', 'the velocity of that path'],
  ['v', 'v = α ε − β x'],
  ['image', 'the clean image (x)'],
  ['noise', 'the noise (ε)'],
] as const satisfies [ModelReading['predicts'], string][]
/** A table of steps has no velocity; on the straight line nobody predicts v. */
const strangeTo: Partial<Record<ModelReading['path'], ModelReading['predicts']>> = { ddpm: 'velocity', linear: 'v' }

/** DDPM's nets predict the noise at steps 0 to 999 unless somebody says otherwise. */
function trainedOn(path: ModelReading['path'], predicts: ModelReading['predicts']): Partial<ModelReading> {
  if (path === 'ddpm') return { path, parameters: undefined, scale: 999, ...(predicts === 'velocity' ? { predicts: 'noise' } : {}) }
  return { path, parameters: undefined, ...(predicts === strangeTo[path] ? { predicts: 'velocity' } : {}) }
}

/** Everything that a file may leave open. */
function Reading({ about, asked }: { about: ModelAbout; asked: ModelReading }) {
  const inputs = about.inputs.map(({ name }): [string, string] => [name, name])
  const orNone: [string, string][] = [['', 'none'], ...inputs]
  return (
    <div className={styles.asked}>
      <Select label="Images go into" value={asked.image} options={inputs} onChange={(image) => ask({ image })} />
      <Select label="Noise level goes into" value={asked.time ?? ''} options={orNone} onChange={(time) => ask({ time: time || null })} />
      <Select label="Labels go into" value={asked.labels ?? ''} options={orNone} onChange={(labels) => ask({ labels: labels || null })} />
      <Select label="Noise level runs" value={String(asked.scale)} options={[...new Set([1, 999, 1000, asked.scale])].map((scale) => [String(scale), `from 0 to ${scale}`])} onChange={(scale) => ask({ scale: Number(scale) })} />
      <Select label="Where it is 0" value={asked.zero} options={[['clean', 'the image is clean'], ['noise', 'there is only noise']]} onChange={(zero) => ask({ zero: zero as ModelReading['zero'] })} />
      <Select label="The answer is in" value={asked.output} options={about.outputs.map(({ name }) => [name, name])} onChange={(output) => ask({ output })} />
      <Select label="It was trained on" value={asked.path} options={paths} onChange={(path) => ask(trainedOn(path as ModelReading['path'], asked.predicts))} />
      <Select label="The answer is" value={asked.predicts} options={answers.filter(([predicts]) => predicts !== strangeTo[asked.path])} onChange={(predicts) => ask({ predicts: predicts as ModelReading['predicts'] })} />
      <Select label="Pixels go" value={asked.range} options={[['signed', 'from −1 to 1'], ['unit', 'from 0 to 1']]} onChange={(range) => ask({ range: range as ModelReading['range'] })} />
    </div>
  )
}

function Select({ label, value, options, onChange }: { label: string; value: string; options: readonly (readonly [string, string])[]; onChange: (value: string) => void }) {
  const id = useId()
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={({ target }) => onChange(target.value)}>{options.map(([each, text]) => <option key={each} value={each}>{text}</option>)}</select>
    </>
  )
}
