import { expect, test } from 'vitest'
import { netSchema } from '../../src/config.ts'
import gratings from '../../src/datasets/gratings.dataset.ts'
import { datasets } from '../../src/datasets/index.ts'
import { readOnce } from '../../src/engine/readback.ts'
import { Recorder } from '../../src/engine/recorder.ts'
import { Buffers, Recording } from '../../src/engine/recording.ts'
import { decodeClassifier, encodeClassifier } from '../../src/lab/classifiers/file.ts'
import { classifierFor } from '../../src/lab/classifiers/index.ts'
import { trainClassifier } from '../../src/lab/classifiers/train.ts'
import { type Classifier, largest, logitsOf, recordClassifier, toOneLength, toOneLengthBackward } from '../../src/model/classifier.ts'
import { testLibrary } from '../support/given_training.ts'
import { requestTestDevice } from '../support/gpu.ts'

/** Share of right answers on images (n,ch,h,w). */
async function accuracyOf({ net, classes, parameters, head }: Classifier, images: Float32Array, labels: ArrayLike<number>): Promise<number> {
  const device = await requestTestDevice()
  const n = labels.length
  const recorder = new Recorder(new Set())
  const { weights, input, means } = recordClassifier(recorder, net, n)
  const buffers = await Buffers.allocate(device, recorder.tensors)
  const recording = await Recording.realise(recorder, buffers, await testLibrary())
  buffers.write(weights.tensor, parameters)
  buffers.write(input.image, images)
  const encoder = device.createCommandEncoder()
  recording.encode(encoder)
  device.queue.submit([encoder.finish()])
  const found = toOneLength(new Float32Array(await readOnce(device, buffers.of(means.tensor))), net.width)
  recording.destroy()
  buffers.destroy()
  return Array.from(labels, (label, i) => Number(largest(logitsOf(head, classes, found, i * net.width, net.width)) === label)).reduce((sum, right) => sum + right / n, 0)
}

test('learns, and is the same after it was written down', async () => {
  const net = netSchema.parse({ size: 8, patch: 2, width: 16, blocks: 1, heads: 2 })
  const losses: number[] = []
  const trained = await trainClassifier(await requestTestDevice(), await testLibrary(), { dataset: gratings, net, steps: 200, seed: 1 }, (_, loss) => losses.push(loss))
  expect(losses[0]).toBeCloseTo(Math.log(10), 2)
  expect(losses.slice(-20).reduce((sum, loss) => sum + loss / 20, 0)).toBeLessThan(1.6)
  expect(trained.accuracy).toBeGreaterThan(0.35)
  const read = decodeClassifier(encodeClassifier(trained, { command: 'none' }))
  expect(read).toEqual(trained)
  const { images, labels } = gratings.generate(256, { seed: 1, split: 'test', size: 8 })
  expect(Math.abs(await accuracyOf(read, images, labels) - trained.accuracy)).toBeLessThan(0.15)
})

test.each([['gratings', 12, 0.95], ['shapes', 16, 0.8]] as const)('the one for %s at %i pixels names images it never saw', async (dataset, size, least) => {
  const classifier = (await classifierFor(dataset, size))!
  expect(classifier.tested).toBe(4096)
  const { images, labels } = datasets[dataset].generate(512, { seed: 0, split: 'train', size })
  const accuracy = await accuracyOf(classifier, images, labels)
  expect(accuracy).toBeGreaterThan(classifier.accuracy - 4 * Math.sqrt((classifier.accuracy * (1 - classifier.accuracy)) / 512) - 0.005)
  expect(classifier.accuracy).toBeGreaterThan(least)
})

test('one length: its gradient is that of central differences', () => {
  const means = Float32Array.from({ length: 8 }, (_, i) => Math.sin(2 + 3 * i))
  const along = Float32Array.from({ length: 8 }, (_, i) => Math.cos(1 + 5 * i))
  for (const row of [0, 4]) expect(Math.hypot(...toOneLength(means, 4).subarray(row, row + 4))).toBeCloseTo(2, 5)
  const gradient = toOneLengthBackward(means, along, 4)
  const value = (shifted: Float32Array) => toOneLength(shifted, 4).reduce((sum, feature, i) => sum + feature * along[i], 0)
  means.forEach((_, i) => {
    const moved = (by: number) => means.map((mean, k) => (k === i ? mean + by : mean))
    expect(gradient[i]).toBeCloseTo((value(moved(1e-2)) - value(moved(-1e-2))) / 2e-2, 2)
  })
})

test('there is none for other data or sizes', async () => {
  expect(await classifierFor('gratings', 8)).toBeNull()
  expect(await classifierFor('own-1', 12)).toBeNull()
})
