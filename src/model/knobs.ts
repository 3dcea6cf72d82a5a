/** The GPU's knobs and state of one replica, packed from the config. */
import type { Config, ReplicaConfig } from '../config.ts'
import { packStruct, structLayout, unpackStruct } from '../engine/struct.ts'
import { timeSamplerOf } from '../flow/times.ts'
import { resolveReplica } from './replica.ts'

const knobsLayout = structLayout('lib/knobs.wgsl', 'Knobs')
const stateLayout = structLayout('lib/state.wgsl', 'State')

export const KNOB_WORDS = knobsLayout.words
export const STATE_WORDS = stateLayout.words
/** Where the state counts the micro-batches of a step. */
export const PART_WORD = stateLayout.fields.find(({ name }) => name === 'part')!.word

const QUANTITY = { velocity: 0, image: 1, noise: 2, middle: 3 }
const NEGATIVES = { any: 0, 'other-class': 1, permutation: 2 }

const VARIANT = { algorithm1: 0, equation14: 1, infonce: 2 }

export function packKnobs(config: Config, replica: ReplicaConfig): Uint32Array {
  const { objective, train, method } = resolveReplica(config, replica)
  const { tMin, lambda, flowBelow, times = timeSamplerOf(objective), prediction = 'velocity', average } = method.knobs(objective)
  return packStruct(knobsLayout, {
    seed: train.seed, images: train.images === 0 ? config.data.count : Math.min(train.images, config.data.count), batch: train.batch, t_min: tMin, lambda, lambda_start: objective.lambdaStart, lambda_ramp: objective.lambdaRamp, tau: objective.tau,
    variant: VARIANT[objective.variant], divided: objective.distance === 'divided' ? 1 : 0, flow_below: flowBelow ? 1 : 0,
    stratified: objective.stratified ? 1 : 0, fresh_noise: objective.noise === 'fresh' ? 1 : 0, sum_loss: objective.reduction === 'sum' ? 1 : 0,
    learning_rate: train.learningRate, cosine: train.schedule === 'cosine' ? 1 : 0, total_steps: train.steps, warmup: train.warmup,
    beta1: train.beta1, beta2: train.beta2, epsilon: train.epsilon, weight_decay: train.weightDecay, clip: train.clip, ema_decay: train.emaDecay,
    term: method.term === 'dispersive' ? 1 : method.term === 'negatives' ? 2 : 0, negatives: NEGATIVES[objective.negatives], null_skip: objective.nullSkip ? 1 : 0,
    time_mean: times.mean, time_scale: times.scale, time_sigma: times.sigma ?? 0, prediction: QUANTITY[prediction], error_of: QUANTITY[objective.loss], least: objective.clamp,
    candidates: average?.candidates ?? 0, own_candidate: average?.own ? 1 : 0,
  })
}

export const startState = () => new Uint32Array(STATE_WORDS)

/** @param given for a batch that was given and not drawn: how many of its first samples lie below T_min, and how many have anchors; it comes in one piece */
export function packState(given: { step?: number; part?: number; low?: number; anchors?: number; lambda?: number }): Uint32Array {
  const zero = Object.fromEntries(stateLayout.fields.map(({ name }) => [name, 0]))
  return packStruct(stateLayout, { ...zero, whole_low: given.low ?? 0, whole_anchors: given.anchors ?? 0, ...given })
}

export const unpackState = (words: Uint32Array, at = 0) => unpackStruct(stateLayout, words, at)
