/**
 * What one training step differentiates, over the whole net: flow matching at t ≥ T_min plus λ times the contrastive term below T_min (Local Contrastive
 * Flow, Algorithm 1), or plain flow matching, alone ('fm', 'self-conditioned') or with λ times the dispersive loss or the push from another sample's target.
 */
import type { NetConfig, ObjectiveConfig } from '../config.ts'
import { contrastiveBackward, contrastiveForward } from './contrastive.ts'
import { ditBackward, ditForward } from './dit.ts'
import { dispersive } from './dispersive.ts'
import type { DitParameters } from './dit_parameters.ts'
import { tokenMeanBackward, tokenMeanForward, unitLengthBackward, unitLengthForward } from './features.ts'
import { interpolate, straight } from './interpolate.ts'
import { errorWeight, type Quantity, reading } from './reading.ts'
import { negativeLoss, regressionWeights, velocityLossBackward, velocityLossForward } from './velocity_loss.ts'

/** x0, eps (B,ch,size,size), t (B) with the samples below T_min first, labels (B) or null */
export interface ObjectiveBatch {
  x0: Float64Array
  eps: Float64Array
  t: Float64Array
  labels: ArrayLike<number> | null
  /** Noise of the anchors where it is a fresh draw, one row per sample below T_min; absent: the same as `eps`. */
  anchorEps?: Float64Array
  /** Sample whose target each is pushed from, for 'contrastive-fm'. */
  negative?: ArrayLike<number>
}

type FeatureOptions = Pick<ObjectiveConfig, 'feature' | 'normalise'>

/** tokens (B,T,C) -> z (B,F), F = C pooled or T·C flattened */
function featureForward(tokens: Float64Array, B: number, T: number, C: number, options: FeatureOptions) {
  const pooled = options.feature === 'pooled' ? tokenMeanForward(tokens, B, T, C) : tokens.slice()
  const F = options.feature === 'pooled' ? C : T * C
  if (!options.normalise) return { z: pooled, F, unit: null }
  const unit = unitLengthForward(pooled, B, F)
  return { z: unit.unit, F, unit }
}

/** dz (B,F) -> dtokens (B,T,C) */
function featureBackward(saved: ReturnType<typeof featureForward>, dz: Float64Array, B: number, T: number, C: number, options: FeatureOptions) {
  const dpooled = saved.unit ? unitLengthBackward(saved.unit.unit, saved.unit.length, dz, B, saved.F) : dz
  return options.feature === 'pooled' ? tokenMeanBackward(dpooled, B, T, C) : dpooled.slice()
}

/** @param placeOn the path; straight where it is not said */
export function objective(net: NetConfig, parameters: DitParameters, batch: ObjectiveBatch, options: ObjectiveConfig, placeOn = straight) {
  const { x0, eps, t, labels } = batch
  const B = t.length
  const d = x0.length / B
  const T = (net.size / net.patch) ** 2
  const C = net.width
  const plain = ['fm', 'self-conditioned', 'dispersive', 'contrastive-fm'].includes(options.method)
  const tMin = plain ? 0 : options.tMin
  const lambda = ['fm', 'self-conditioned'].includes(options.method) ? 0 : options.lambda
  const nA = t.filter((level) => level < tMin).length
  for (let i = 0; i < nA; i++) if (t[i] >= tMin) throw new RangeError('samples below T_min must come first')

  const { xt, target } = interpolate(x0, eps, t, B, d, placeOn)
  const prediction: Quantity = options.method === 'x-prediction' ? 'image' : options.method === 'noise-prediction' ? 'noise' : 'velocity'
  const forward = ditForward(net, parameters, xt, t, labels)
  if (!forward.velocity) throw new Error('the forward pass stopped before the head')
  const read = Array.from(t, level => ({ ...reading(prediction, level, options.clamp, placeOn(level)), ...errorWeight(prediction, options.loss, level, options.clamp, placeOn(level)) }))
  const velocity = forward.velocity.map((u, k) => read[Math.floor(k / d)].skip * xt[k] + read[Math.floor(k / d)].out * u)
  const compared = velocity.map((v, k) => read[Math.floor(k / d)].root * v)
  const wanted = target.map((v, k) => read[Math.floor(k / d)].root * read[Math.floor(k / d)].target * v)
  const weights = regressionWeights(t, tMin)
  const regression = velocityLossForward(compared, wanted, weights, B, d, options.reduction)
  const dvelocity = velocityLossBackward(compared, wanted, weights, B, d, options.reduction)
  const push = options.method === 'contrastive-fm' && lambda > 0 ? negativeLoss(compared, wanted, batch.negative ?? [], weights, B, d, options.reduction) : null
  if (push) for (let i = 0; i < B * d; i++) dvelocity[i] += lambda * push.dv[i]
  for (let k = 0; k < B * d; k++) dvelocity[k] *= read[Math.floor(k / d)].root
  const doutput = dvelocity.map((dv, k) => read[Math.floor(k / d)].out * dv)

  // The anchors: the same images at T_min, through the blocks up to the layer and no further.
  const anchorTimes = new Float64Array(nA).fill(tMin)
  const anchorInput = interpolate(x0, batch.anchorEps ?? eps, anchorTimes, nA, d, placeOn).xt
  const anchorForward = ditForward(net, parameters, anchorInput, anchorTimes, labels, options.layer)

  const feature = featureForward(forward.blocks[options.layer - 1].out, B, T, C, options)
  const anchor = featureForward(anchorForward.blocks[options.layer - 1].out, nA, T, C, options)
  const F = feature.F
  const contrast = contrastiveForward(feature.z, anchor.z, nA, B, F, options)
  const spread = options.method === 'dispersive' && lambda > 0 ? dispersive(feature.z, B, F, options) : null
  const { dz: pulled, da } = contrastiveBackward(feature.z, anchor.z, contrast, nA, B, F, options)
  const dz = spread?.dz ?? pulled
  const lossContrastive = spread?.loss ?? push?.loss ?? contrast.loss

  const scaled = (gradient: Float64Array) => gradient.map((value) => lambda * value)
  const { gradients, dxt } = ditBackward(net, parameters, forward, doutput, {
    layer: options.layer, dtokens: featureBackward(feature, scaled(dz), B, T, C, options),
  })
  if (!options.detach) {
    const throughAnchors = ditBackward(net, parameters, anchorForward, null, {
      layer: options.layer, dtokens: featureBackward(anchor, scaled(da), nA, T, C, options),
    })
    for (const name of Object.keys(gradients)) {
      for (let i = 0; i < gradients[name].length; i++) gradients[name][i] += throughAnchors.gradients[name][i]
    }
  }

  // Every other method holds what tells later blocks of the bottleneck.
  if (net.selfCondition > 0 && options.method !== 'self-conditioned') gradients['self_condition.linear'].fill(0)

  return {
    /** (B,ch,size,size) */
    velocity,
    /** (B), before weighting */
    lossPerSample: regression.perSample,
    lossFlowMatching: regression.loss,
    lossContrastive,
    loss: regression.loss + lambda * lossContrastive,
    contrast,
    nA,
    /** (B,F) and (nA,F): what the distances are taken between */
    features: feature.z,
    anchors: anchor.z,
    /** gradients of lossContrastive alone, before λ */
    dz,
    da,
    /** gradient of what the velocity is in: lossFlowMatching, and the push where there is one */
    dvelocity,
    gradients,
    dxt,
  }
}
