export interface Statistics {
  mean: number
  deviation: number
  least: number
  greatest: number
}

export function statistics(values: Float32Array): Statistics {
  let sum = 0
  let squares = 0
  let least = Infinity
  let greatest = -Infinity
  for (const value of values) {
    sum += value
    squares += value * value
    least = Math.min(least, value)
    greatest = Math.max(greatest, value)
  }
  const mean = sum / values.length
  return { mean, deviation: Math.sqrt(Math.max(0, squares / values.length - mean ** 2)), least, greatest }
}
