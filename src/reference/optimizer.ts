/** One step of training after the gradient is known: clip, decay, Adam, running mean. Everything is one flat vector. */

export interface OptimizerSettings {
  learningRate: number
  schedule: 'constant' | 'cosine'
  /** Steps of linear growth; the first one already takes learningRate / warmup. */
  warmup: number
  /** Where the cosine reaches zero. */
  steps: number
  beta1: number
  beta2: number
  epsilon: number
  weightDecay: number
  /** Longest gradient let through; 0 turns clipping off. */
  clip: number
  emaDecay: number
}

export interface OptimizerState {
  /** Steps taken; a skipped one does not count. */
  step: number
  skipped: number
  parameters: Float64Array
  m: Float64Array
  v: Float64Array
  ema: Float64Array
}

export function startOptimizer(parameters: Float64Array): OptimizerState {
  return {
    step: 0, skipped: 0, parameters: parameters.slice(), m: new Float64Array(parameters.length), v: new Float64Array(parameters.length),
    ema: parameters.slice(),
  }
}

/** Learning rate of a step, counting from 1: linear warm-up, then constant or half a cosine that would reach 0 one step after the last. */
export function learningRateAt(step: number, settings: OptimizerSettings): number {
  const { learningRate, schedule, warmup, steps } = settings
  if (step <= warmup) return (learningRate * step) / warmup
  if (schedule === 'constant') return learningRate
  const progress = Math.min((step - 1 - warmup) / (steps - warmup), 1)
  return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress))
}

/** Memory of the running mean at a step, counting from 1: short at first, so that it forgets the start weights. */
export function emaDecayAt(step: number, emaDecay: number): number {
  return Math.min(emaDecay, (1 + step) / (10 + step))
}

/** Factor that brings a gradient of this length down to the clip; the 1e-6 is PyTorch's guard against a zero length. */
export function clipFactor(norm: number, clip: number): number {
  return clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1
}

/**
 * Changes the state in place. A gradient that is not finite changes nothing but the count of skipped steps.
 * Order: clip by the global norm; θ ← θ (1 − rate·decay) (decoupled, AdamW); Adam with bias correction; ema ← d ema + (1−d) θ.
 */
export function optimizerStep(state: OptimizerState, gradient: Float64Array, settings: OptimizerSettings) {
  let squares = 0
  for (const value of gradient) squares += value * value
  const norm = Math.sqrt(squares)
  if (!Number.isFinite(norm)) {
    state.skipped += 1
    return { norm, learningRate: 0, applied: false }
  }
  state.step += 1
  const { beta1, beta2, epsilon, weightDecay, clip, emaDecay } = settings
  const learningRate = learningRateAt(state.step, settings)
  const factor = clipFactor(norm, clip)
  const decay = emaDecayAt(state.step, emaDecay)
  const { parameters, m, v, ema } = state
  for (let i = 0; i < parameters.length; i++) {
    const clipped = factor * gradient[i]
    m[i] = beta1 * m[i] + (1 - beta1) * clipped
    v[i] = beta2 * v[i] + (1 - beta2) * clipped * clipped
    const mean = m[i] / (1 - beta1 ** state.step)
    const deviation = Math.sqrt(v[i] / (1 - beta2 ** state.step))
    parameters[i] = parameters[i] * (1 - learningRate * weightDecay) - (learningRate * mean) / (deviation + epsilon)
    ema[i] = decay * ema[i] + (1 - decay) * parameters[i]
  }
  return { norm, learningRate, applied: true }
}
