/** A run that has outgrown this machine, as a folder that PyTorch goes on with on many GPUs: weights, optimiser, images and one readable script. */
import { ConfigError, type ObjectiveConfig } from '../../config.ts'
import type { RunData } from '../../datasets/dataset.ts'
import { timeSamplerOf } from '../../flow/times.ts'
import type { Method } from '../../methods/method.ts'
import { unpackState } from '../../model/knobs.ts'
import { resolveReplica } from '../../model/replica.ts'
import { parameterLayout, toNamed } from '../../model/parameters.ts'
import { writeMetadata } from '../../onnx/metadata.ts'
import { writeNpz } from '../npz.ts'
import { writeSafetensors } from '../safetensors.ts'
import type { Checkpoint } from '../session.ts'
import script from './train.py?raw'

/** train.py has the regression of the velocity at uniform noise levels along the linear path, and LCF's term. */
function knownThere({ term, knobs }: Method, objective: ObjectiveConfig): boolean {
  const { prediction, average, times = timeSamplerOf(objective) } = knobs(objective)
  return (term === null || term === 'anchored') && prediction === undefined && average === undefined && times.scale === 0 && !times.sigma && objective.loss === 'velocity' && objective.path === 'linear'
}

/**
 * Contents by file name. `checkpoint.safetensors` has the weights under `model.`, their running mean under `ema.` and Adam's moments under `exp_avg.`
 * and `exp_avg_sq.`; the lab reads the running mean back from it.
 * @throws ConfigError when there is no such replica, or train.py does not know its objective
 */
export function outgrownFolder({ config, step, replicas }: Checkpoint, replica: number, { train, trainLabels }: Pick<RunData, 'train' | 'trainLabels'>, version: string): Record<string, Uint8Array | string> {
  const state = replicas[replica]
  if (!state) throw new ConfigError(`there is no replica ${replica}; there are ${replicas.length}, counted from 0`)
  const { net } = config
  const layout = parameterLayout(net)
  const parts = { model: state.parameters, ema: state.ema, exp_avg: state.first, exp_avg_sq: state.second }
  const tensors = Object.entries(parts).flatMap(([prefix, flat]) => Object.entries(toNamed(layout, flat)).map(([name, tensor]) => [`${prefix}.${name}`, tensor] as const))
  const { objective, train: settings, method } = resolveReplica(config, config.replicas[replica])
  if (!knownThere(method, objective)) throw new ConfigError(`the PyTorch folder trains flow matching and LCF with uniform noise levels along the linear path; ${method.label} as configured here is not among what it knows`)
  const whole = { net, objective: { ...objective, ...method.knobs(objective) }, train: settings, step, updates: unpackState(state.state).updates }
  return {
    'train.py': script,
    'config.json': `${JSON.stringify(whole, null, 1)}\n`,
    'checkpoint.safetensors': writeSafetensors(Object.fromEntries(tensors), writeMetadata({ config, replica, weights: 'ema', step, version })),
    'images.npz': writeNpz({ images: { shape: [trainLabels.length, net.channels, net.size, net.size], data: train }, labels: { shape: [trainLabels.length], data: trainLabels } }),
  }
}
