/** A checkpoint file comes back as it was, and a wrong one is refused whole. What going on from it gives is tests/model/checkpoint.test.ts. */
import { describe, expect, test } from 'vitest'
import { type Config, ConfigError, parseConfig } from '../../src/config.ts'
import { decodeCheckpoint, encodeCheckpoint, packCheckpoint, unpackCheckpoint } from '../../src/lab/checkpoint.ts'
import { arraysOf, readArchive, type Writable, writeNpz } from '../../src/lab/npz.ts'
import type { Checkpoint } from '../../src/lab/session.ts'
import { packState, unpackState } from '../../src/model/knobs.ts'
import { parameterLayout } from '../../src/model/parameters.ts'

const config: Config = parseConfig({ net: { width: 8, blocks: 1, heads: 1 }, objective: { layer: 1 }, replicas: [{ method: 'fm' }, { method: 'lcf', seed: 3 }] })

function checkpoint(): Checkpoint {
  const { length } = parameterLayout(config.net)
  const values = (from: number) => Float32Array.from({ length }, (_, i) => Math.fround(from + i / 7))
  return {
    config, step: 12,
    replicas: [0, 100].map(from => ({ parameters: values(from), first: values(from + 1), second: values(from + 2), ema: values(from + 3), state: packState({ step: 12 }) })),
  }
}

/** The file with some of its tensors and some of its header replaced; undefined takes one away. */
function changed(tensors: Record<string, Writable | undefined>, header: Record<string, unknown> | null = {}): Uint8Array {
  const entries = readArchive(new Uint8Array(encodeCheckpoint(checkpoint())))
  const all = Object.entries({ ...arraysOf(entries), ...tensors }).filter((entry): entry is [string, Writable] => entry[1] !== undefined)
  const text = JSON.stringify({ ...(JSON.parse(new TextDecoder().decode(entries['config.json'])) as object), ...header })
  return writeNpz(Object.fromEntries(all), header === null ? {} : { 'config.json': new TextEncoder().encode(text) })
}

test('what is written comes back bit for bit', () => {
  expect(decodeCheckpoint(encodeCheckpoint(checkpoint()))).toEqual(checkpoint())
  expect(decodeCheckpoint(changed({}))).toEqual(checkpoint())
})

test('a file from before batches came in parts is read, and so is what a browser kept', () => {
  const { replicas, ...more } = checkpoint()
  const fields = Object.keys(unpackState(packState({})))
  const earlier = fields.slice(0, fields.indexOf('part'))
  expect(earlier.length).toBe(13)
  const short = replicas.map(({ state, ...rest }) => ({ ...rest, state: state.slice(0, 13) }))
  const words = Uint32Array.from(short.flatMap(({ state }) => [...state]))
  expect(decodeCheckpoint(changed({ state: { shape: [2, 13], data: words } }, { state: earlier }))).toEqual(checkpoint())
  expect(unpackCheckpoint({ ...(packCheckpoint(checkpoint()) as object), ...more, state: earlier, replicas: short })).toEqual(checkpoint())
  expect(() => decodeCheckpoint(changed({ state: { shape: [2, 12], data: words.subarray(0, 24) } }, { state: earlier.slice(0, 12) }))).toThrow(/counters in the file are not those of this lab/)
})

describe('refused in one sentence', () => {
  const { length } = parameterLayout(config.net)
  const ones = (count: number) => new Float32Array(count).fill(1)
  const cases: [string, () => Uint8Array, RegExp][] = [
    ['no archive', () => new TextEncoder().encode('no'), /not an \.npz file/],
    ['cut short', () => changed({}).subarray(0, 3000), /cut short/],
    ['another .npz', () => changed({}, null), /not a checkpoint of the lab/],
    ['another format', () => changed({}, { format: 'other' }), /does not say "format"/],
    ['a later version', () => changed({}, { version: 2 }), /version 2, and this lab reads version 1/],
    ['a step that is none', () => changed({}, { step: -1 }), /step is -1/],
    ['another step than the counters', () => changed({}, { step: 13 }), /replica 0 stands at step 12 and the file at step 13/],
    ['other counters', () => changed({}, { state: ['step'] }), /counters in the file are not those of this lab/],
    ['an unknown config', () => changed({}, { config: { ...config, net: { ...config.net, width: 9 } } }), /net\.width: width 9 must be divisible/],
    ['a data set that is not there', () => changed({}, { config: { ...config, data: { ...config.data, dataset: 'cats' } } }), /there is no data set "cats"/],
    ['a config of another size', () => changed({}, { config: { ...config, net: { ...config.net, blocks: 2 } } }), /parameters is f4 of shape \(2, \d+\); the config inside asks for f4 of shape \(2, \d+\)/],
    ['fewer replicas than the config', () => changed({}, { config: { ...config, replicas: [{}] } }), /asks for f4 of shape \(1, /],
    ['no EMA', () => changed({ ema: undefined }), /ema is missing inside/],
    ['moments in float64', () => changed({ second: { shape: [2, length], data: new Float64Array(2 * length) } }), /second is f8 of shape/],
    ['a weight that is not a number', () => changed({ parameters: { shape: [2, length], data: ones(2 * length).fill(Number.NaN, 5, 6) } }), /parameters holds NaN at place 5/],
    ['too few counters', () => changed({ state: { shape: [2, 1], data: new Uint32Array(2) } }), /state is u4 of shape \(2, 1\)/],
  ]
  test('counters of a step under way, in a file and in what a browser kept: a checkpoint is taken between two', () => {
    const { replicas, ...more } = checkpoint()
    const inside = { ...more, replicas: replicas.map((replica, r) => ({ ...replica, state: packState({ step: 12, part: r }) })) }
    const sentence = 'checkpoint: replica 1 stands inside a step, after 1 of its micro-batches; between two steps is expected'
    expect(() => decodeCheckpoint(encodeCheckpoint(inside))).toThrow(new ConfigError(sentence))
    expect(() => unpackCheckpoint(packCheckpoint(inside))).toThrow(new ConfigError(sentence))
  })

  test.each(cases)('%s', (_, bytes, sentence) => {
    expect(() => decodeCheckpoint(bytes())).toThrow(ConfigError)
    expect(() => decodeCheckpoint(bytes())).toThrow(sentence)
  })
})
