/** Evaluates one model with onnxruntime-web. The page ends this worker when it has answered, which frees all that it holds. */
import { ConfigError } from '../config.ts'
import { evaluateFile } from '../lab/evaluate_file.ts'
import { featuresOf } from '../lab/file_quality.ts'
import { knowShelved } from '../lab/own/shelf.ts'
import { inLabTerms } from '../onnx/ask.ts'
import { openNetwork } from '../onnx/runtime.ts'
import type { EvaluateCommand, EvaluateReport } from '../file_protocol.ts'

/** Images at once, where the file leaves that open. */
const BATCH = 32

const send = (report: EvaluateReport) => postMessage(report)

async function evaluate({ name, files, reading, config, labelled, untrainedBelow, gpu, compare, extractor }: EvaluateCommand): Promise<void> {
  const began = performance.now()
  send({ type: 'evaluating', label: 'loading onnxruntime', done: 0, total: 0 })
  await knowShelved()
  const readAll = (given: EvaluateCommand['files']) => Promise.all(given.map(async file => ({ name: file.name, bytes: new Uint8Array(await file.file.arrayBuffer()) })))
  const read = await readAll(files)
  const main = read.find(file => file.name === name)
  if (!main) throw new ConfigError('the file is not there any more')
  const { channels, size } = config.net
  const { network, batch, ran } = await openNetwork(main.bytes, read.filter(file => file !== main), reading, [channels, size, size], gpu)
  let last = 0
  const tell = async (label: string, done: number, total: number) => {
    if (performance.now() - last < 100) return
    last = performance.now()
    send({ type: 'evaluating', label, done, total })
  }
  const features = compare > 0 ? await featuresOf(config, extractor && { ...extractor, files: await readAll(extractor.files) }, gpu, tell) : []
  const evaluation = await evaluateFile(inLabTerms(network, reading), { name, reading, config, labelled, untrainedBelow, batch: batch ?? BATCH, ...(compare > 0 && { compare: { count: compare, features } }) }, tell)
  send({ type: 'evaluated', evaluation: { ...evaluation, ran, duration: (performance.now() - began) / 1000 } })
}

addEventListener('message', ({ data }: MessageEvent<EvaluateCommand>) => {
  evaluate(data).catch((error: unknown) => send({ type: 'refused', message: error instanceof Error ? error.message : String(error) }))
})
