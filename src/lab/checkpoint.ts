/**
 * A run as one file: an .npz with the config and, replica by replica, weights, optimiser moments, EMA and counters exactly as the GPU
 * has them; with its history, where that was kept too. Going on from it continues bit for bit on the same adapter, because the step alone decides the draws.
 */
import { type Config, ConfigError, parseConfig } from '../config.ts'
import { STATE_WORDS, startState, unpackState } from '../model/knobs.ts'
import { parameterLayout } from '../model/parameters.ts'
import { checkConfig } from './data.ts'
import { decodeHistory, encodeHistory } from './history_file.ts'
import { checkHistory } from './history_schema.ts'
import { arraysOf, type NpzData, type NpzTensor, readArchive, writeNpz } from './npz.ts'
import type { Checkpoint } from './session.ts'
import { type ReplicaState, stepsOf } from './trainer.ts'

const FORMAT = 'low-noise-lab checkpoint'
/** Goes up when the flat layout of the weights or the meaning of a field changes. */
const VERSION = 1

interface Header {
  format: string
  version: number
  step: number
  /** Fields of the GPU's counters, in order. */
  state: string[]
  config: Config
}

const FLOATS = ['parameters', 'first', 'second', 'ema'] as const

const stateFields = () => Object.keys(unpackState(startState()))

/** Counters of a file in as many words as the GPU has now. Those that came later, from `part` on, are of a step under way, and 0 between two. */
function counters(words: Uint32Array): Uint32Array {
  const state = startState()
  state.set(words)
  return state
}

export function encodeCheckpoint({ config, step, replicas, history }: Checkpoint): ArrayBuffer {
  const header: Header = { format: FORMAT, version: VERSION, step, state: stateFields(), config }
  const R = replicas.length
  const stack = <T extends Float32Array | Uint32Array>(result: T, parts: T[]) => {
    parts.forEach((part, r) => result.set(part, r * part.length))
    return { shape: [R, result.length / R], data: result as NpzData }
  }
  const floats = FLOATS.map(name => {
    const parts = replicas.map(replica => replica[name])
    return [name, stack(new Float32Array(R * parts[0].length), parts)] as const
  })
  const state = stack(new Uint32Array(R * STATE_WORDS), replicas.map(replica => replica.state))
  const text = new TextEncoder().encode(JSON.stringify(header, null, 1))
  const past = history && encodeHistory(history)
  return writeNpz({ ...Object.fromEntries(floats), state, ...past?.array }, { 'config.json': text, ...past?.entry }).buffer
}

/** Everything is checked before anything is returned. @throws ConfigError with one sentence: what is wrong, and what is expected */
export function decodeCheckpoint(bytes: Uint8Array | ArrayBuffer): Checkpoint {
  const entries = readArchive(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))
  const { config, step, words: kept } = checkHeader(readHeader(entries['config.json']))
  const arrays = arraysOf(entries)
  const R = config.replicas.length
  const { length } = parameterLayout(config.net)
  const floats = Object.fromEntries(FLOATS.map(name => [name, take(arrays, name, 'f4', [R, length]) as Float32Array])) as Record<(typeof FLOATS)[number], Float32Array>
  const words = take(arrays, 'state', 'u4', [R, kept]) as Uint32Array
  const replicas = config.replicas.map((_, r): ReplicaState => {
    const part = (name: (typeof FLOATS)[number]) => floats[name].slice(r * length, (r + 1) * length)
    return { parameters: part('parameters'), first: part('first'), second: part('second'), ema: part('ema'), state: counters(words.subarray(r * kept, (r + 1) * kept)) }
  })
  return checked(config, step, replicas, decodeHistory(entries, arrays))
}

/** A checkpoint as the browser stores it, which copies arrays as they are. */
export function packCheckpoint(checkpoint: Checkpoint): object {
  return { format: FORMAT, version: VERSION, state: stateFields(), ...checkpoint }
}

/** Of whatever came out of the browser's storage. @throws ConfigError with one sentence */
export function unpackCheckpoint(value: unknown): Checkpoint {
  const { config, step, words } = checkHeader(value)
  const { replicas, history } = value as Partial<Checkpoint>
  const { length } = parameterLayout(config.net)
  if (!Array.isArray(replicas) || replicas.length !== config.replicas.length) throw new ConfigError(`checkpoint: weights of ${config.replicas.length} replicas are expected`)
  for (const replica of replicas as (Partial<ReplicaState> | null)[]) {
    const wrong = FLOATS.find(name => !(replica?.[name] instanceof Float32Array) || replica[name].length !== length)
    if (wrong) throw new ConfigError(`checkpoint: ${wrong} is not what the config inside asks for: ${length} floats for each replica`)
    if (!(replica?.state instanceof Uint32Array) || replica.state.length !== words) throw new ConfigError(`checkpoint: state is not ${words} whole numbers for each replica`)
  }
  return checked(config, step, replicas.map(({ parameters, first, second, ema, state }) => ({ parameters, first, second, ema, state: counters(state) })), history)
}

function checked(config: Config, step: number, replicas: ReplicaState[], past: unknown): Checkpoint {
  replicas.forEach((replica, r) => {
    for (const name of FLOATS) {
      const broken = replica[name].findIndex(value => !Number.isFinite(value))
      if (broken >= 0) throw new ConfigError(`checkpoint: ${name} holds ${replica[name][broken]} at place ${broken} of replica ${r}; only finite numbers can be gone on with`)
    }
    const { part } = unpackState(replica.state)
    if (part !== 0) throw new ConfigError(`checkpoint: replica ${r} stands inside a step, after ${part} of its micro-batches; between two steps is expected`)
    if (stepsOf(replica) !== step) throw new ConfigError(`checkpoint: replica ${r} stands at step ${stepsOf(replica)} and the file at step ${step}`)
  })
  if (past === undefined) return { config, step, replicas }
  const { channels, size } = config.net
  return { config, step, replicas, history: checkHistory(past, { replicas: replicas.length, step, channels, size }) }
}

function readHeader(bytes: Uint8Array | undefined): unknown {
  if (!bytes) throw new ConfigError('checkpoint: config.json is missing inside, so this .npz is not a checkpoint of the lab')
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new ConfigError('checkpoint: config.json inside is not JSON')
  }
}

/** @returns `words` counters for each replica are in the file */
function checkHeader(value: unknown): { config: Config; step: number; words: number } {
  const header = value as Partial<Header> | null | undefined
  if (header?.format !== FORMAT) throw new ConfigError(`checkpoint: its header does not say "format": "${FORMAT}"`)
  if (header.version !== VERSION) throw new ConfigError(`checkpoint: the file is of version ${String(header.version)}, and this lab reads version ${VERSION}`)
  if (!Number.isSafeInteger(header.step) || header.step! < 0) throw new ConfigError(`checkpoint: step is ${String(header.step)}; a whole number from 0 is expected`)
  const fields = stateFields()
  const words = header.state?.length ?? 0
  if (!(words >= fields.indexOf('part')) || String(header.state) !== String(fields.slice(0, words))) throw new ConfigError('checkpoint: the counters in the file are not those of this lab; it was written by another version')
  const config = parseConfig(header.config)
  checkConfig(config)
  return { config, step: header.step!, words }
}

function take(arrays: Record<string, NpzTensor>, name: string, dtype: 'f4' | 'u4', shape: number[]): NpzData {
  const tensor = Object.hasOwn(arrays, name) ? arrays[name] : undefined
  const wanted = `${dtype} of shape (${shape.join(', ')})`
  if (!tensor) throw new ConfigError(`checkpoint: ${name} is missing inside; ${wanted} is expected`)
  if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join()) {
    throw new ConfigError(`checkpoint: ${name} is ${tensor.dtype} of shape (${tensor.shape.join(', ')}); the config inside asks for ${wanted}`)
  }
  return tensor.data
}
