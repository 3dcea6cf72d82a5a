/** Exported files in onnxruntime against the engine that trained them. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type ConfigInput, type NetConfig, type ObjectiveConfig, parseConfig } from '../../src/config.ts'
import { pathFamilies } from '../../src/flow/paths.ts'
import { LEAST_LEVEL, LINEAR, placeOn } from '../../src/flow/place.ts'
import { resolveReplica } from '../../src/model/replica.ts'
import { parameterLayout, toNamed } from '../../src/model/parameters.ts'
import { exposeValues } from '../../src/onnx/describe.ts'
import { exportOnnx } from '../../src/onnx/export.ts'
import { ditForward } from '../../src/reference/dit.ts'
import { timeFeatures } from '../../src/reference/time_features.ts'
import { farthest, relative } from '../support/compare.ts'
import { withTraining } from '../support/given_training.ts'
import { openModel } from '../support/onnx_session.ts'
import { flat, randomBatch, randomParameters } from '../support/random_net.ts'

/** x_t of a given batch, as float32. */
function mixed({ x0, eps, t }: { x0: Float32Array; eps: Float32Array; t: Float32Array }, path = LINEAR): Float32Array {
  const each = x0.length / t.length
  const places = Array.from(t, level => placeOn(path, level))
  return Float32Array.from(x0, (value, i) => places[Math.floor(i / each)].alpha * value + places[Math.floor(i / each)].beta * eps[i])
}

const nets: [string, ConfigInput['net'], number][] = [
  ['unlabelled, patch 1', { channels: 1, size: 4, patch: 1, width: 16, blocks: 2, heads: 2 }, 1],
  ['labelled, patch 2, colour', { channels: 3, size: 8, patch: 2, width: 24, blocks: 2, heads: 3, classes: 5 }, 2],
  ['self-conditioned, labelled', { channels: 1, size: 4, patch: 2, width: 16, blocks: 3, heads: 2, classes: 3, selfCondition: 1 }, 3],
  ['without attention, labelled', { channels: 2, size: 1, patch: 1, width: 16, blocks: 3, heads: 1, classes: 3, attention: false }, 2],
  ['labelled, patch 4', { channels: 1, size: 12, patch: 4, width: 32, blocks: 3, heads: 4, classes: 3 }, 2],
]

test.each(nets)('%s: velocity of the engine, features of the twin', async (_, net, layer) => {
  const B = 5
  const config = parseConfig({ net, objective: { layer }, train: { batch: B }, replicas: [{ method: 'fm' }, { method: 'fm', seed: 7 }] })
  const layout = parameterLayout(config.net)
  const parameters = [11, 12].map(seed => randomParameters(config.net, seed))
  const batches = [21, 22].map(seed => randomBatch(config.net, seed, B))
  batches[0].t.set([0.0005, 0.013])
  const velocities = await withTraining(config, {}, async training => {
    parameters.forEach((values, r) => training.weigh(flat(config.net, values), r))
    batches.forEach((batch, r) => training.give(batch, r))
    training.run()
    return [await training.velocity(0), await training.velocity(1)]
  })
  for (const r of [0, 1]) {
    const bytes = exportOnnx({ config, replica: r, parameters: toNamed(layout, flat(config.net, parameters[r])), weights: 'ema', step: 3, version: '0' })
    const model = await openModel(bytes)
    try {
      expect(model.inputs).toEqual(config.net.classes > 0 ? ['x', 't', 'y'] : ['x', 't'])
      expect(model.outputs).toEqual(['velocity', 'features'])
      const xt = mixed(batches[r])
      const shape = [B, config.net.channels, config.net.size, config.net.size]
      const { velocity, features } = await model.run(xt, shape, batches[r].t, batches[r].y as number[] | undefined)
      expect(velocity.shape).toEqual(shape)
      expect(farthest(velocity.data, velocities[r])).toBeLessThan(1e-5)
      expect(features.shape).toEqual([B, config.net.width])
      expect(farthest(features.data, meanTokens(config.net, ditForward(config.net, parameters[r], Float64Array.from(xt), Float64Array.from(batches[r].t), batches[r].y ?? null).blocks[layer - 1].out))).toBeLessThan(1e-5)
    } finally {
      await model.release()
    }
  }
})

const curved = Object.keys(pathFamilies).filter(id => id !== 'linear') as ObjectiveConfig['path'][]

describe.each(['x-prediction', 'noise-prediction'] as const)('%s', method => {
  test('along every path: the velocity of the engine, at both ends of t and where the least denominator acts', async () => {
    const t = Float32Array.of(0, 1e-6, LEAST_LEVEL, 0.0013, 0.03, 0.249999, 0.25, 0.61, 0.97, 1 - 2 ** -23, 1)
    const replicas = curved.flatMap(path => [0.05, 0.3].map(clamp => ({ method, path, clamp })))
    const config = parseConfig({ net: { channels: 2, size: 4, patch: 2, width: 16, blocks: 1, heads: 2 }, objective: { layer: 1, sigmaMax: 5 }, train: { batch: t.length }, replicas })
    const weights = flat(config.net, randomParameters(config.net, 31))
    const batch = { ...randomBatch(config.net, 32, t.length), t }
    const velocities = await withTraining(config, {}, async training => {
      replicas.forEach((_, r) => {
        training.weigh(weights, r)
        training.give(batch, r)
      })
      training.run()
      return Promise.all(replicas.map((_, r) => training.velocity(r)))
    })
    const each = batch.x0.length / t.length
    for (const [r, replica] of config.replicas.entries()) {
      const { path, objective: { clamp } } = resolveReplica(config, replica)
      const model = await openModel(exportOnnx({ config, replica: r, parameters: toNamed(parameterLayout(config.net), weights), weights: 'ema', step: 3, version: '0' }))
      try {
        const { velocity } = await model.run(mixed(batch, path), [t.length, 2, 4, 4], t)
        t.forEach((level, i) => {
          const part = (values: Float32Array) => values.subarray(i * each, (i + 1) * each)
          expect(relative(part(velocity.data), part(velocities[r])), `${path.id}, denominators of ${clamp} at least, t = ${level}`).toBeLessThan(1e-5)
        })
      } finally {
        await model.release()
      }
    }
  })
})

test('time features hold float64’s digits at every noise level', async () => {
  const config = parseConfig({ net: { size: 4, patch: 2, width: 16, blocks: 1, heads: 2 }, objective: { layer: 1 }, replicas: [{}] })
  const parameters = toNamed(parameterLayout(config.net), flat(config.net, randomParameters(config.net, 1)))
  const model = await openModel(exposeValues(exportOnnx({ config, replica: 0, parameters, weights: 'raw', step: 0, version: '0' }), ['t_embedder.features']))
  try {
    const t = Float32Array.from([0, 1e-6, 0.0004321, 0.03, 0.25, 0.5001, 0.777, 0.999, 1])
    const results = await model.run(new Float32Array(t.length * 16), [t.length, 1, 4, 4], t)
    expect(farthest(results['t_embedder.features'].data, timeFeatures(Float64Array.from(t)))).toBeLessThan(4e-7)
  } finally {
    await model.release()
  }
})

// onnx's own checker, where Debian's python3-onnx is installed.
const python = spawnSync('/usr/bin/python3', ['-c', 'import onnx']).status === 0

test.skipIf(!python).each([['fm', 'linear'], ['x-prediction', 'linear'], ['noise-prediction', 'vp']] as const)('the checker of onnx passes %s along the path %s, shapes inferred', (method, path) => {
  const config = parseConfig({ net: nets[1][1], objective: { layer: 1 }, replicas: [{ method, path }] })
  const bytes = exportOnnx({ config, replica: 0, parameters: toNamed(parameterLayout(config.net), flat(config.net, randomParameters(config.net, 1))), weights: 'raw', step: 0, version: '0' })
  const check = [
    'import json, sys, onnx', 'model = onnx.load_from_string(sys.stdin.buffer.read())', 'onnx.checker.check_model(model, full_check=True)',
    'inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)',
    'shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in inferred.graph.value_info}',
    'print(json.dumps([model.opset_import[0].version, shapes["blocks.1"], shapes["t_embedder.features"]]))',
  ].join('\n')
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', check], { input: bytes, encoding: 'utf8' })
  expect(stdout, stderr).toBe('[20, ["B", 16, 24], ["B", 256]]\n')
})

test('a layer or a replica that is not there', () => {
  const config = parseConfig({ net: { blocks: 2 }, objective: { layer: 1 }, replicas: [{}] })
  const rest = { config, parameters: {}, weights: 'ema' as const, step: 0, version: '0' }
  expect(() => exportOnnx({ ...rest, replica: 0, layer: 3 })).toThrow('layer 3 does not exist: the network has 2 blocks')
  expect(() => exportOnnx({ ...rest, replica: 1, parameters: toNamed(parameterLayout(config.net), new Float32Array(parameterLayout(config.net).length)) })).toThrow('there is no replica 1')
})

/** (B,T,C) → (B,C) */
function meanTokens({ size, patch, width: C }: NetConfig, tokens: Float64Array): Float64Array {
  const T = (size / patch) ** 2
  return Float64Array.from({ length: tokens.length / T }, (_, i) => {
    const start = Math.floor(i / C) * T * C + (i % C)
    return Array.from({ length: T }, (_, token) => tokens[start + token * C]).reduce((sum, value) => sum + value, 0) / T
  })
}
