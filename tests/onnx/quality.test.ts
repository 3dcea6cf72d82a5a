/** Samples of a file, judged: the same numbers as the engine’s own diagnostic where the file is the engine’s net, and features of a given network. */
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { evaluateModel } from '../../src/cli/evaluate_model.ts'
import { askFile } from '../../src/lab/evaluate_file.ts'
import { featuresOf } from '../../src/lab/file_quality.ts'
import { readModel } from '../../src/lab/open_file.ts'
import { exportWeights } from '../../src/lab/weights_file.ts'
import { inLabTerms } from '../../src/onnx/ask.ts'
import { openNetwork } from '../../src/onnx/runtime.ts'
import type { FilePanel } from '../../src/file_protocol.ts'
import type { Panel } from '../../src/panel.ts'
import { sessions } from '../support/sessions.ts'
import { tinyConfig } from '../support/tiny_run.ts'

const { create } = sessions()
const silent = async () => {}
const first = ({ curves }: Panel | FilePanel, at: number) => curves[at].y[0]!

test('the file of a run stands where the run does, and in features of a given network too', async () => {
  const session = await create(tinyConfig({ net: { size: 12, width: 16 }, data: { dataset: 'gratings', count: 128, heldOut: 64 }, evaluate: { solverSteps: 3, perLevel: 8, samples: 2 }, replicas: [{ method: 'fm' }] }))
  await session.advance(10)
  const { panels: own } = await session.measure('quality', { count: 64 })
  const checkpoint = await session.checkpoint()
  const bytes = exportWeights(checkpoint, { replica: 0, weights: 'ema', format: 'onnx', version: '1' })
  const { opened } = readModel([{ name: 'mine.onnx', bytes }])
  const { config } = checkpoint
  const { network } = await openNetwork(bytes, [], opened.reading!, [1, 12, 12], false)
  // Its own velocity makes features as good as any: one number a channel.
  const features = await featuresOf(config, { files: [{ name: 'given.onnx', bytes }], range: 'signed' }, false, silent)
  const { panels } = await askFile(inLabTerms(network, opened.reading!), {
    name: 'mine.onnx', reading: opened.reading!, config, labelled: 0, untrainedBelow: opened.untrainedBelow, batch: 16, compare: { count: 64, features },
  }, ['quality'], silent)
  expect(panels.map(({ id }) => id)).toEqual(['distance-given', 'distance-classifier', 'distance-pixels', 'coverage', 'nearest'])
  for (const id of ['distance-classifier', 'distance-pixels', 'nearest']) {
    const [file, run] = [panels.find(panel => panel.id === id)!, own.find(panel => panel.id === id)!]
    expect(file.curves.map(({ kind }) => kind)).toEqual(['file', 'baseline'])
    expect(first(file, 0) / first(run, 0), id).toBeCloseTo(1, 3)
    expect(first(file, 1) / first(run, 1), `${id}, real images`).toBeCloseTo(1, 3)
  }
  expect(panels[0].notes.join(' ')).toMatch(/first answer of given, 1 numbers; images at 12 pixels brought to 12/)
  expect(panels.map(({ title, summary, notes }) => [title, summary, ...notes].join(' ')).join(' ')).not.toMatch(/FID/)
  await expect(askFile(inLabTerms(network, opened.reading!), { name: 'mine.onnx', reading: opened.reading!, config: parseConfig({ ...config, data: { ...config.data, count: 64 } }), labelled: 0, untrainedBelow: 0, batch: 16, compare: { count: 65, features: [] } }, ['quality'], silent))
    .rejects.toThrow(/65 samples ask for as many training images .* there are 64/)
}, 300_000) // onnxruntime's wasm on one thread

test('the terminal judges samples when it is told to', async () => {
  const session = await create(tinyConfig({ replicas: [{ method: 'fm' }] }))
  const bytes = exportWeights(await session.checkpoint(), { replica: 0, weights: 'ema', format: 'onnx', version: '1' })
  const { panels, loss } = await evaluateModel('mine.onnx', bytes, { what: 'quality', weights: [], ask: [], dataset: undefined, images: 16, samples: 64, extractor: [] })
  expect(loss).toBeUndefined()
  expect(panels.map(({ id }) => id)).toEqual(['distance-pixels', 'coverage', 'nearest'])
})
