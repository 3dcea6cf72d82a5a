/** Where parameters lie, how many there are, how they start, and the way to DiT's names and back. */
import { describe, expect, test } from 'vitest'
import { netSchema, type NetConfig } from '../../src/config.ts'
import { ALIGNMENT } from '../../src/engine/recorder.ts'
import { fromNamed, initialParameters, parameterLayout, toNamed } from '../../src/model/parameters.ts'
import { parameterCount } from '../../src/reference/dit_parameters.ts'

const net = (fields: Partial<NetConfig>): NetConfig => netSchema.parse(fields)
const odd = net({ channels: 3, size: 6, patch: 1, width: 24, blocks: 2, heads: 2, classes: 5 })

describe('the number of parameters', () => {
  test.each([
    [{ channels: 1, size: 16, patch: 2, width: 64, blocks: 4, classes: 10 }, 328_900],
    [{ channels: 1, size: 16, patch: 2, width: 96, blocks: 6, classes: 10 }, 1_058_404],
    [{ channels: 3, size: 64, patch: 4, width: 96, blocks: 6, classes: 10 }, 1_066_896],
    [{ channels: 1, size: 112, patch: 4, width: 128, blocks: 6, classes: 10 }, 1_868_944],
    [{ channels: 1, size: 112, patch: 4, width: 128, blocks: 6, classes: 10, labelDrop: 0.1 }, 1_868_944 + 128], // one row more
    [{ channels: 1, size: 16, patch: 2, width: 64, blocks: 4, classes: 10, selfCondition: 2 }, 328_900 + 3 * 64 * 65], // W, and the norm’s shift and scale
    [{ channels: 2, size: 1, patch: 1, width: 48, blocks: 3, attention: false }, 144 + 14_688 + 3 * (11 * 48 * 48 + 8 * 48) + 4_802], // per block 8 C² of MLP and 3 C² of modulation
    [{ channels: 3, size: 32, patch: 2, width: 384, blocks: 12, heads: 6 }, 32_471_436], // LCF's CIFAR-10 net
  ] as const)('of %o is %i, and the twin counts the same', (fields, count) => {
    expect(parameterLayout(net(fields)).count).toBe(count)
    expect(parameterCount(net(fields))).toBe(count)
  })

  test('of DiT-XL/2 is the 675,129,632 that its authors’ code prints, with what that counts besides', () => {
    const xl = net({ channels: 4, size: 32, patch: 2, width: 1152, blocks: 28, heads: 16, classes: 1000, labelDrop: 0.1 })
    const variances = 2 * 2 * 4 * (1152 + 1) // its head answers with a variance for each channel, too: weights and biases of as many outputs again
    const positions = 16 * 16 * 1152 // fixed, but PyTorch keeps the table as a parameter without gradient
    expect(parameterLayout(xl).count + variances + positions).toBe(675_129_632)
    expect(parameterCount(xl) + variances + positions).toBe(675_129_632)
  })
})

test('layers lie one after another on 256-byte boundaries and do not overlap', () => {
  for (const config of [odd, net({}), net({ classes: 10, width: 8, heads: 2, blocks: 1, patch: 1 }), net({ classes: 3, labelDrop: 0.1 }), net({ classes: 3, selfCondition: 2 }), net({ size: 1, patch: 1, attention: false })]) {
    const { layers, labels, length } = parameterLayout(config)
    const parts = Object.values(layers).map(({ offset, inputs, outputs }) => ({ offset, end: offset + (inputs + 1) * outputs }))
    if (labels) parts.push({ offset: labels.offset, end: labels.offset + labels.rows * labels.width })
    parts.sort((a, b) => a.offset - b.offset)
    parts.forEach(({ offset }, i) => {
      expect(offset % ALIGNMENT).toBe(0)
      expect(offset).toBeGreaterThanOrEqual(i > 0 ? parts[i - 1].end : 0)
    })
    expect(length).toBeGreaterThanOrEqual(parts.at(-1)!.end)
    expect(length % ALIGNMENT).toBe(0)
  }
})

describe('start weights', () => {
  const layout = parameterLayout(net({ width: 48, blocks: 2, classes: 10, patch: 4 }))
  const named = toNamed(layout, initialParameters(layout, 11))

  test('are those of DiT: zero where adaLN-zero asks for it, Xavier bounds, deviation .02', () => {
    for (const [name, { data, shape }] of Object.entries(named)) {
      const largest = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
      const deviation = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length)
      if (/adaLN|final_layer|bias/.test(name)) expect(largest, name).toBe(0)
      else if (/t_embedder|y_embedder/.test(name)) expect(Math.abs(deviation / 0.02 - 1), name).toBeLessThan(4 / Math.sqrt(2 * data.length))
      else {
        const bound = Math.sqrt(6 / (shape[0] + shape.slice(1).reduce((a, b) => a * b)))
        expect(largest, name).toBeLessThanOrEqual(bound)
        expect(largest, name).toBeGreaterThan(0.95 * bound)
        expect(Math.abs(deviation / (bound / Math.sqrt(3)) - 1), name).toBeLessThan(4 / Math.sqrt(data.length))
      }
    }
  })

  test('are the same in a self-conditioned net, whose own layers start at zero', () => {
    const other = parameterLayout({ ...layout.net, selfCondition: 1 })
    const { 'self_condition.linear.weight': W, 'self_condition.linear.bias': b, 'self_condition.adaLN_modulation.1.weight': vectors, 'self_condition.adaLN_modulation.1.bias': constant, ...rest } = toNamed(other, initialParameters(other, 11))
    expect(rest).toEqual(named)
    for (const { data } of [W, b, vectors, constant]) expect(data.every(value => value === 0)).toBe(true)
  })

  test('depend on the seed alone, and no two layers start alike', () => {
    expect(initialParameters(layout, 11)).toEqual(initialParameters(layout, 11))
    expect(initialParameters(layout, 12)).not.toEqual(initialParameters(layout, 11))
    const starts = Object.entries(named).filter(([name]) => !/adaLN|final_layer|bias/.test(name)).map(([, { data }]) => data.slice(0, 8).map(v => v / Math.abs(data[0])).join())
    expect(new Set(starts).size).toBe(starts.length)
  })
})

describe.each([0, 1])('names, self-conditioned after block %i', selfCondition => {
  const layout = parameterLayout({ ...odd, selfCondition })
  const numbered = Object.fromEntries(Object.entries(toNamed(layout, new Float32Array(layout.length))).map(([name, tensor], n) =>
    [name, { ...tensor, data: tensor.data.map((_, i) => 1 + i + 10_000 * n) }]))

  test('lead there and back without loss, and padding stays zero', () => {
    const flat = fromNamed(layout, numbered)
    expect(toNamed(layout, flat)).toEqual(numbered)
    expect(flat.filter(v => v !== 0).length).toBe(layout.count)
  })

  test('put PyTorch’s (out, in) into our (in + 1, out) with the bias last', () => {
    const flat = fromNamed(layout, numbered)
    const { offset, inputs, outputs } = layout.layers['blocks.1.mlp.fc1']
    const [weight, bias] = ['weight', 'bias'].map(kind => numbered[`blocks.1.mlp.fc1.${kind}`].data)
    expect(flat[offset + 5 * outputs + 7]).toBe(weight[7 * inputs + 5])
    expect(flat[offset + inputs * outputs + 7]).toBe(bias[7])
    // Six vectors a block, then the head's two, side by side in one wide layer; in two, the later one from the bottleneck on.
    const wide = layout.layers[selfCondition ? 'late modulation' : 'modulation']
    const before = 6 * selfCondition
    expect(wide.outputs).toBe((6 * odd.blocks + 2 - before) * odd.width)
    expect(flat[wide.offset + 3 * wide.outputs + (6 - before) * odd.width + 2]).toBe(numbered['blocks.1.adaLN_modulation.1.weight'].data[2 * odd.width + 3])
    expect(flat[wide.offset + wide.inputs * wide.outputs + (12 - before) * odd.width]).toBe(numbered['final_layer.adaLN_modulation.1.bias'].data[0])
  })

  test('that are missing, or whose tensors have another shape, are told in one sentence', () => {
    const { 'x_embedder.proj.weight': patch, ...rest } = numbered
    expect(() => fromNamed(layout, rest)).toThrow(new RangeError('tensor x_embedder.proj.weight is missing; a tensor of shape (24, 3, 1, 1) is expected'))
    expect(() => fromNamed(layout, { ...numbered, 'x_embedder.proj.weight': { ...patch, shape: [24, 3] } })).toThrow(/shape \(24, 3\); \(24, 3, 1, 1\) is expected/)
  })
})
