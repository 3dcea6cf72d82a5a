/** Domains and ticks, explicit for every axis: with an automatic domain one zero makes a whole logarithmic line vanish. Pure. */

export type Domain = [low: number, high: number]

/** What a logarithmic axis can show; anything else becomes a gap. */
export function forLog(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null
}

export function forLinear(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** Powers of ten from low to high, both ends included. */
export function decades([low, high]: Domain): number[] {
  const ticks: number[] = []
  // The tolerance takes in 0.1 that came out of a logarithm as 0.10000000000000002.
  for (let power = Math.ceil(Math.log10(low) - 1e-9); power <= Math.floor(Math.log10(high) + 1e-9); power++) ticks.push(Number(`1e${power}`))
  return ticks
}

/** Decades, or steps within them where fewer than two decades leave the axis bare. */
export function logTicks(domain: Domain): number[] {
  const [low, high] = domain
  if (high / low >= 99) {
    const all = decades(domain)
    const every = Math.ceil(all.length / 7)
    return all.filter((_, i) => i % every === 0)
  }
  const ticks: number[] = []
  for (const decade of decades([10 ** Math.floor(Math.log10(low)), high])) {
    for (const factor of high / low > 8 ? [1, 2, 5] : stops) {
      const tick = tidy(decade * factor)
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9) && tick !== ticks.at(-1)) ticks.push(tick)
    }
  }
  return ticks
}

/** Least domain with round ends around the positive values; `fallback` when there are none. */
export function logDomain(values: Iterable<number | null>, fallback: Domain): Domain {
  const [low, high] = extent(values, (value) => value > 0)
  if (low > high) return fallback
  const domain: Domain = [snapDown(low), snapUp(high)]
  return domain[0] < domain[1] ? domain : [snapDown(low * 0.9), snapUp(high * 1.1)]
}

/** Least round domain around the values, never narrower than a tenth of what it shows. */
export function linearDomain(values: Iterable<number | null>, fallback: Domain): Domain {
  const [low, high] = extent(values, () => true)
  if (low > high) return fallback
  const span = Math.max(high - low, Math.max(Math.abs(high), Math.abs(low)) * 0.1, 1e-6)
  const step = niceStep(span / 4)
  const domain: Domain = [tidy(Math.floor(low / step) * step), tidy(Math.ceil(high / step) * step)]
  return domain[0] < domain[1] ? domain : [domain[0], tidy(domain[0] + step)]
}

export function linearTicks([low, high]: Domain, wanted = 4): number[] {
  const step = niceStep((high - low) / wanted)
  const ticks: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(tidy(i * step))
  return ticks
}

/** Right end of a step axis: it grows in bounds, so that the line does not crawl back at every tick. */
export function stepEnd(step: number, steps: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(step, 10)))
  const end = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * size).find((candidate) => candidate >= step) ?? step
  return step <= steps ? Math.min(end, Math.max(steps, 10)) : end
}

function extent(values: Iterable<number | null>, accept: (value: number) => boolean): Domain {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value === null || !Number.isFinite(value) || !accept(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

const steps125 = [1, 2, 5, 10]
/** Where a logarithmic axis may end. */
const stops = [1, 1.5, 2, 3, 5, 7, 10]

function niceStep(rough: number): number {
  const size = 10 ** Math.floor(Math.log10(rough))
  return (steps125.find((factor) => factor * size >= rough * (1 - 1e-9)) ?? 10) * size
}

function snapDown(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value) + 1e-9)
  return tidy((stops.findLast((factor) => factor * size <= value * (1 + 1e-9)) ?? 1) * size)
}

function snapUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value) + 1e-9)
  return tidy((stops.find((factor) => factor * size >= value * (1 - 1e-9)) ?? 10) * size)
}

const tidy = (value: number) => Number(value.toPrecision(12))
