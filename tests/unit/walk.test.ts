/** The walk through a training step as it is read off the recording, before any GPU is there. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { kernelNames } from '../../src/engine/specialise.ts'
import type { Tensor } from '../../src/engine/recorder.ts'
import { aboutKernel, deriveMoves, family, lettersOf, shapeOf, sizeOf, stagesOf } from '../../src/lab/walk/derive.ts'
import { MOST, pieceOf } from '../../src/lab/walk/pieces.ts'
import { recordCopy, statisticsOf } from '../../src/lab/walk/walk.ts'
import { layerShapes, recordedIn, stageWords, tensorWords } from '../../src/lab/walk/words.ts'
import { methods } from '../../src/methods/index.ts'
import { recordTraining, type Training } from '../../src/model/training.ts'
import { type ConfigInput, parseConfig } from '../../src/config.ts'

function walkOf(input: ConfigInput, change: (training: Training) => void = () => {}) {
  const config = parseConfig({ replicas: [{ method: 'lcf' }], ...input })
  const training = recordTraining({ ...config, replicas: config.replicas.slice(0, 1) }, { images: config.data.count })
  change(training)
  return { config, training, moves: deriveMoves(config, training) }
}

const sets: [string, ConfigInput][] = [
  ['the default', {}],
  ['wide tokens, three channels', { net: { size: 16, patch: 4, channels: 3, width: 48, blocks: 3, heads: 4 }, objective: { layer: 2 }, train: { batch: 6 } }],
  ['classes, and everything compared', { net: { classes: 10 }, objective: { feature: 'flattened', detach: false } }],
  ['a path that is not linear', { objective: { path: 'cosine' } }],
  ['blocks told what the first has found', { net: { size: 8, blocks: 3, selfCondition: 1 }, objective: { layer: 2, detach: false }, train: { batch: 6 } }],
  ['perceptrons', { net: { channels: 2, size: 1, patch: 1, blocks: 3, attention: false }, data: { dataset: 'moons' } }],
  ['perceptrons told what the first has found', { net: { channels: 2, size: 1, patch: 1, blocks: 3, attention: false, selfCondition: 1 }, data: { dataset: 'moons' }, objective: { layer: 2, detach: false }, train: { batch: 6 } }],
  ['one block, eight tokens a side', { net: { size: 8, patch: 1, width: 24, blocks: 1, heads: 2 }, objective: { layer: 1 }, train: { batch: 2 } }],
]

describe.each(sets)('a step of %s', (_, input) => {
  const { config, training, moves } = walkOf(input)

  test('has one move for each dispatch, and every tensor of it a shape in letters that is as long as the tensor', () => {
    expect(moves.map(({ kernel, stage }) => [kernel, stage])).toEqual(training.recorder.dispatches.map(({ kernel, stage }) => [kernel, stage]))
    const letters = lettersOf(config, training.dit.patchWidth)
    for (const one of moves.flatMap(({ reads, writes }) => [...reads, ...writes])) {
      expect(one.letters.length, one.name).toBe(one.sizes.length)
      if (one.letters[0] === 'parameters') continue
      expect(one.letters.map(axis => sizeOf(axis, letters)), one.name).toEqual(one.sizes)
      const length = one.sizes.reduce((all, size) => all * size, 1)
      if (one.layer === null) expect(Math.max(4, Math.ceil(length / 4) * 4), one.name).toBe(one.tensor.length)
    }
  })

  test('reads what an earlier move wrote, and says which', () => {
    for (const [index, { reads }] of moves.entries()) {
      for (const { from, name, tensor } of reads) {
        const earlier = moves.slice(0, index).findLastIndex(({ writes }) => writes.some(one => one.name === name && one.tensor === tensor))
        expect(from, `${name} in move ${index}`).toBe(earlier < 0 ? null : earlier)
      }
    }
    const from = (kernel: string, name: string) => moves[moves.find(move => move.kernel === kernel)!.reads.find(one => one.name === name)!.from!]
    if (config.net.attention) expect(from('attention', 'qkv 0').kernel).toBe('matmul_nn')
    expect(from('velocity_loss', 'velocity').kernel).toBe('unpatchify')
  })

  test('leaves the gradient of every layer, and reads none of it that is too much to look at', () => {
    const gradients = new Set(moves.flatMap(({ writes }) => writes).filter(({ tensor }) => tensor === training.gradients.planes).map(({ layer }) => layer))
    expect([...gradients].sort()).toEqual([...Object.keys(training.layout.layers), ...(training.layout.labels ? ['labels'] : [])].sort())
    for (const [index, { writes }] of moves.entries()) {
      for (const bound of writes) {
        const found = pieceOf(bound, training, config.train.batch - 1, index)
        if (!found) continue
        const { piece, layout } = found
        expect(piece.count, bound.name).toBe(layout.groups * layout.rows * layout.columns)
        expect(piece.count, bound.name).toBeLessThanOrEqual(MOST)
        expect(piece.offset + piece.count, bound.name).toBeLessThanOrEqual(piece.tensor.length)
        if (piece.tensor === training.optimizer.gradients) expect(training.recorder.dispatches[piece.after].kernel).toBe('gradient_reduce')
      }
    }
  })
})

test('every method’s stages and tensors have words, and every kernel a file that records it', () => {
  for (const [id, microBatches] of Object.keys(methods).flatMap(method => [[method, 1], [method, 4]] as const)) {
    const { moves } = walkOf({ train: { microBatches }, replicas: [{ method: id }] })
    expect(moves.at(-1)!.kernel).toBe('adamw')
    expect(moves.filter(({ source }) => source === null).map(({ kernel }) => kernel)).toEqual([])
    expect(moves.flatMap(({ writes }) => writes).filter(({ letters }) => letters.length === 0).map(({ name }) => name)).toEqual([])
    for (const { words, name, source } of stagesOf(moves)) {
      expect(words, name).not.toBe('')
      expect(readFileSync(source!, 'utf8'), name).toMatch(new RegExp(`at\\(['\`]${name.replace(/\d+/, '\\$\\{n\\}')}['\`]\\)`))
    }
  }
  for (const [kernel, file] of Object.entries(recordedIn)) {
    expect(kernelNames()).toContain(kernel)
    expect(readFileSync(`src/ops/${file}.ts`, 'utf8')).toContain(`'${kernel}'`)
    expect(aboutKernel(kernel).length, kernel).toBeGreaterThan(10)
    expect(aboutKernel(kernel)).not.toContain('#include')
  }
})

test('no words are left over: every tensor, stage and layer of the list is in some step', () => {
  const seen = { tensors: new Set<string>(), stages: new Set<string>(), layers: new Set<string>() }
  const each = Object.keys(methods).map((method): ConfigInput => ({ objective: { loss: 'image' }, train: { microBatches: method === 'fm-contrast' ? 2 : 1 }, replicas: [{ method }] }))
  for (const input of [...sets.map(([, one]) => one), ...each]) {
    for (const { stage, reads, writes } of walkOf(input).moves) {
      seen.stages.add(family(stage))
      for (const { tensor, layer } of [...reads, ...writes]) {
        seen.tensors.add(family(tensor.name))
        if (layer) seen.layers.add(layer.replace(/^blocks\.\d+\./, ''))
      }
    }
  }
  expect(Object.keys(tensorWords).filter(name => !seen.tensors.has(name))).toEqual([])
  expect(Object.keys(stageWords).filter(name => !seen.stages.has(name))).toEqual([])
  expect(Object.keys(layerShapes).filter(name => !seen.layers.has(name))).toEqual([])
})

test('a tensor that nobody has named appears by itself', () => {
  const { moves, training, config } = walkOf({ train: { batch: 8 } }, ({ recorder }) => {
    const [from, to] = [recorder.tensor('some new feature', 8 * 20), recorder.tensor('its gradient', 12)]
    recorder.at('new loss').dispatch('squared_error', { v: from, goal: from, error: to }, { samples: 8, dimensions: 20 }, [8])
  })
  const { reads, writes, source, stage } = moves.at(-1)!
  expect({ source, stage }).toEqual({ source: null, stage: 'new loss' })
  expect(reads[0]).toMatchObject({ name: 'some new feature', letters: [], sizes: [8, 20], samples: true, words: '', from: null })
  expect(writes).toMatchObject([{ name: 'its gradient', letters: [], sizes: [12] }])
  expect(pieceOf(writes[0], training, config.train.batch - 1, 9)!.layout).toMatchObject({ rows: 1, columns: 12 })
  expect(pieceOf(reads[0], training, 0, 9)!.layout).toMatchObject({ rows: 8, columns: 20 })
})

test('the copy is one replica that reads the run’s own images and shares no other tensor with it', () => {
  const config = parseConfig({ net: { classes: 10 }, replicas: [{ method: 'fm' }, { method: 'lcf' }] })
  const run = recordTraining(config, { images: config.data.count })
  const { training } = recordCopy(config, 1, run)
  expect(training.replicas).toBe(1)
  const used = new Set(training.recorder.dispatches.flatMap(({ bindings }) => Object.values(bindings).map(binding => ('tensor' in binding ? binding.tensor : binding))))
  expect([...used].filter(tensor => run.tensors.has(tensor))).toEqual([run.data, run.classes])
  expect([...used].filter((tensor: Tensor) => !run.tensors.has(tensor) && !training.tensors.has(tensor))).toEqual([])
})

test('axes are numbers, letters, or sums and multiples of them; with anchors B counts twice', () => {
  const letters = { B: 8, C: 16, L: 2 }
  expect(['12', 'C', '3C', '6L+2', 'B+1', '256+1'].map(axis => sizeOf(axis, letters))).toEqual([12, 16, 48, 14, 9, 257])
  for (const wrong of ['', 'Q', '3Q+1', 'C*2']) expect(() => sizeOf(wrong, letters)).toThrow('no such axis')
  expect(shapeOf(['B C'], 128, letters)).toEqual({ letters: ['B', 'C'], sizes: [8, 16] })
  expect(shapeOf(['B C'], 256, letters)).toEqual({ letters: ['2B', 'C'], sizes: [16, 16] })
  expect(shapeOf(['B C'], 384, letters)).toBeNull()
  expect([family('block 12 backward'), family('log-sum-exp 3'), family('feature 1/length'), family('d x next')]).toEqual(['block backward', 'log-sum-exp', 'feature 1/length', 'd x next'])
})

test('figures of a tensor leave out what is not finite, and say how much that was', () => {
  expect(statisticsOf([1, 2, NaN, 6, Infinity])).toEqual({ notFinite: 2, low: 1, high: 6, mean: 3, deviation: Math.sqrt(14 / 3) })
  expect(statisticsOf([NaN, -Infinity])).toEqual({ notFinite: 2, low: null, high: null, mean: null, deviation: null })
})

