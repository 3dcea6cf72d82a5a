/** Weights of a diffusion transformer by the names of facebookresearch/DiT, as PyTorch's state_dict or this lab gives them. */
import type { NamedTensor } from '../model/parameters.ts'
import { readMetadata } from './metadata.ts'
import { assemble, describeSource, expectedShapes, type Imported, type ImportHints, isPositionTable, labelsOf, OTHER_POSITIONS, type TensorReport } from './report.ts'
import { shown } from './shown.ts'

export interface NamedFile {
  tensors: Readonly<Record<string, { shape: number[]; dtype: string; data: Float32Array | null }>>
  metadata: Readonly<Record<string, string>>
}

const FIRST = 'x_embedder.proj.weight'
const LAST = 'final_layer.linear'

/** Names may have something in front (`module.`, `ema.`). The number of heads is in no weight: it is asked for unless the file's notes have it. */
export function importNamed({ tensors: stored, metadata }: NamedFile, hints: ImportHints = {}): Imported {
  const source = readMetadata(metadata)
  const tensors = Object.entries(stored).map(([name, { shape, dtype }]): TensorReport => ({ name, shape, type: dtype.toLowerCase(), status: 'unmatched', role: null }))
  const about = describeSource(source)
  const prefixes = Object.keys(stored).filter(name => name === FIRST || name.endsWith(`.${FIRST}`)).map(name => name.slice(0, -FIRST.length))
  const prefix = prefixes.find(one => one.includes('ema')) ?? prefixes[0]
  if (prefix === undefined) return { ...about, net: null, parameters: null, tensors, missing: [], time: null, variance: false, inputs: null, asks: [], differences: [`no tensor is called ${FIRST}, so these are not the weights of a DiT by its names`], notes: [] }

  const found = new Map<string, NamedTensor>()
  for (const tensor of tensors) {
    const { shape, data } = stored[tensor.name]
    if (!tensor.name.startsWith(prefix) || !data) continue
    found.set(tensor.name.slice(prefix.length), { shape, data })
  }
  const notes = prefixes.length > 1 ? [`the file has ${prefixes.length} sets of weights; those under ${shown(prefix) || 'no prefix'} were taken`] : []
  const differences: string[] = []
  const [width, channels, patch] = found.get(FIRST)?.shape ?? []
  const blocks = new Set([...found.keys()].flatMap(name => /^blocks\.(\d+)\./.exec(name)?.[1] ?? [])).size
  const positions = found.get('pos_embed')
  const side = positions ? Math.sqrt(positions.data.length / width) : Number.NaN
  if (positions && !isPositionTable(positions.data, side, width)) differences.push(OTHER_POSITIONS)
  keepAnswer(found, channels, patch, notes)
  const net = {
    channels, patch, width, blocks, ...labelsOf(found.get('y_embedder.embedding_table.weight')?.shape[0] ?? 0, source),
    attention: source?.config.net.attention ?? true,
    selfCondition: source?.config.net.selfCondition ?? 0,
    heads: source?.config.net.heads ?? hints.heads ?? noted(metadata, 'heads'),
    size: source?.config.net.size ?? (Number.isInteger(side) ? side * patch : (hints.size ?? noted(metadata, 'size'))),
  }
  const whole = assemble(net, found, differences)
  const expected = new Set(whole.net ? Object.keys(expectedShapes(whole.net)) : [])
  for (const tensor of tensors) {
    const name = tensor.name.startsWith(prefix) ? tensor.name.slice(prefix.length) : null
    if (name !== null && expected.has(name)) Object.assign(tensor, { status: whole.misshapen.includes(name) ? 'shape' : 'matched', role: name })
    else if (name === 'pos_embed') Object.assign(tensor, { status: differences.length === 0 ? 'fixed' : 'unmatched', role: 'positions' })
  }
  const unmatched = whole.net ? tensors.filter(({ name, role }) => role === null && name.startsWith(prefix)) : []
  if (!source) notes.push('a file of weights does not say how its noise level runs; DiT’s was assumed: 1000 t at DiT’s frequencies')
  return {
    ...about, net: whole.net, parameters: whole.parameters, missing: whole.missing, asks: whole.asks, tensors, time: { scale: source ? 1 : 1000 }, variance: false, inputs: null, notes,
    differences: [...whole.differences, ...unmatched.map(({ name, shape }) => `the engine has no place for ${shown(name)} (${shape.join(', ')})`)],
  }
}

function noted(metadata: Readonly<Record<string, string>>, name: string): number | null {
  const value = Number(metadata[name] ?? Number.NaN)
  return Number.isSafeInteger(value) && value > 0 ? value : null
}

/** DiT may also predict a variance: the channels behind the image's own are left out. A token's numbers stand as (py,px,channel). */
function keepAnswer(found: Map<string, NamedTensor>, channels: number, patch: number, notes: string[]): void {
  const rows = found.get(`${LAST}.weight`)?.shape[0]
  const answer = (rows ?? Number.NaN) / (patch * patch)
  if (answer !== 2 * channels) return
  for (const kind of ['weight', 'bias']) {
    const tensor = found.get(`${LAST}.${kind}`)
    if (!tensor || tensor.shape[0] !== rows) continue
    const width = tensor.data.length / rows
    const data = tensor.data.filter((_, i) => Math.floor(i / width) % answer < channels)
    found.set(`${LAST}.${kind}`, { shape: [rows! / 2, ...tensor.shape.slice(1)], data })
  }
  notes.push(`the network answers with ${answer} channels for images with ${channels} (DiT also predicts a variance); the first ${channels} were taken`)
}
