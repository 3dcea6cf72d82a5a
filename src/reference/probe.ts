/** Softmax probes in float64: one probe at a time, plain loops. Features x (N,C), weights (K,C+4) with the intercept in column C. */

/** Mean and inverse deviation of each feature over `rows`; 0 for one that does not vary. → (2,C) */
export function probeScale(x: ArrayLike<number>, rows: ArrayLike<number>, C: number): Float64Array {
  const scale = new Float64Array(2 * C)
  for (let c = 0; c < C; c++) {
    let mean = 0
    for (let i = 0; i < rows.length; i++) mean += x[rows[i] * C + c] / rows.length
    let variance = 0
    for (let i = 0; i < rows.length; i++) variance += (x[rows[i] * C + c] - mean) ** 2 / rows.length
    scale[c] = mean
    scale[C + c] = variance > 1e-10 * mean ** 2 + 1e-30 ? 1 / Math.sqrt(variance) : 0
  }
  return scale
}

/** W z + b → (n,K) */
export function probeLogits(x: ArrayLike<number>, rows: ArrayLike<number>, scale: ArrayLike<number>, weights: ArrayLike<number>, C: number, K: number): Float64Array {
  const logits = new Float64Array(rows.length * K)
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < K; k++) {
      let sum = weights[k * (C + 4) + C]
      for (let c = 0; c < C; c++) sum += (x[rows[i] * C + c] - scale[c]) * scale[C + c] * weights[k * (C + 4) + c]
      logits[i * K + k] = sum
    }
  }
  return logits
}

export interface ProbeLoss {
  loss: number
  /** (n,K) */
  residual: Float64Array
  /** (K,C+4) */
  gradient: Float64Array
}

/** Mean cross-entropy + λ/2 ‖W‖² and its gradient. */
export function probeLoss(
  x: ArrayLike<number>, rows: ArrayLike<number>, labels: ArrayLike<number>, scale: ArrayLike<number>, weights: ArrayLike<number>, C: number, K: number, penalty: number,
): ProbeLoss {
  const n = rows.length
  const residual = probeLogits(x, rows, scale, weights, C, K)
  const gradient = new Float64Array(K * (C + 4))
  let loss = 0
  for (let i = 0; i < n; i++) {
    const logits = residual.subarray(i * K, (i + 1) * K)
    const greatest = Math.max(...logits)
    const total = logits.reduce((sum, value) => sum + Math.exp(value - greatest), 0)
    const label = labels[rows[i]]
    loss += (greatest + Math.log(total) - logits[label]) / n
    for (let k = 0; k < K; k++) {
      logits[k] = Math.exp(logits[k] - greatest) / total - (k === label ? 1 : 0)
      for (let c = 0; c < C; c++) gradient[k * (C + 4) + c] += (logits[k] * (x[rows[i] * C + c] - scale[c]) * scale[C + c]) / n
      gradient[k * (C + 4) + C] += logits[k] / n
    }
  }
  for (let k = 0; k < K; k++) {
    for (let c = 0; c < C; c++) {
      gradient[k * (C + 4) + c] += penalty * weights[k * (C + 4) + c]
      loss += (penalty / 2) * weights[k * (C + 4) + c] ** 2
    }
  }
  return { loss, residual, gradient }
}

export interface Step {
  weights: Float64Array
  before: Float64Array
  /** Momentum, 0 before the first step. */
  theta: number
  greatest: number
  steps: number
}

/** One step of Nesterov's method with restart; nothing moves when every |gradient| is within the tolerance. */
export function nesterovStep({ weights, before, theta, steps }: Step, gradient: Float64Array, curvature: number, penalty: number, tolerance: number): Step {
  const greatest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (greatest <= tolerance) return { weights, before, theta, greatest, steps }
  const down = weights.map((value, i) => value - gradient[i] / (curvature + penalty))
  const uphill = gradient.reduce((sum, value, i) => sum + value * (down[i] - before[i]), 0)
  const from = theta === 0 || uphill > 0 ? 1 : theta
  const next = 0.5 * (1 + Math.sqrt(1 + 4 * from * from))
  return { weights: down.map((value, i) => value + ((from - 1) / next) * (value - before[i])), before: down, theta: next, greatest, steps: steps + 1 }
}

/** One AdamW step from moments (first, second); pace: learning rate, weight decay and the two bias corrections. */
export function adamWStep(
  weights: Float64Array, first: Float64Array, second: Float64Array, gradient: Float64Array, [rate, decay, correction1, correction2]: ArrayLike<number> & Iterable<number>,
): { weights: Float64Array; first: Float64Array; second: Float64Array } {
  const m = first.map((value, i) => 0.9 * value + 0.1 * gradient[i])
  const v = second.map((value, i) => 0.999 * value + 0.001 * gradient[i] ** 2)
  return { first: m, second: v, weights: weights.map((value, i) => value * (1 - rate * decay) - (rate * m[i] * correction1) / (Math.sqrt(v[i] * correction2) + 1e-8)) }
}

/** Right answers among rows start … start + count − 1; of equal logits the first. */
export function probeCorrect(
  x: ArrayLike<number>, labels: ArrayLike<number>, scale: ArrayLike<number>, weights: ArrayLike<number>, C: number, K: number, start: number, count: number,
): number {
  const rows = Array.from({ length: count }, (_, i) => start + i)
  const logits = probeLogits(x, rows, scale, weights, C, K)
  return rows.filter((row, i) => {
    const own = logits.subarray(i * K, (i + 1) * K)
    return own.indexOf(Math.max(...own)) === labels[row]
  }).length
}

/** What the majority of the k nearest of images 0 … bank − 1 says rightly of images start … start + count − 1; of equal votes, the nearer. */
export function neighboursCorrect(x: ArrayLike<number>, labels: ArrayLike<number>, C: number, bank: number, near: number, start: number, count: number): number {
  let correct = 0
  for (let row = start; row < start + count; row++) {
    const distances = Array.from({ length: bank }, (_, b) => {
      let sum = 0
      for (let c = 0; c < C; c++) sum += (x[row * C + c] - x[b * C + c]) ** 2
      return { sum, label: labels[b] }
    })
    const nearest = distances.sort((a, b) => a.sum - b.sum).slice(0, near)
    const votes = nearest.map(({ label }) => nearest.filter(other => other.label === label).length)
    if (nearest[votes.indexOf(Math.max(...votes))].label === labels[row]) correct++
  }
  return correct
}
