/** ‖∂v/∂x‖₂ and ‖∂x̂₀/∂x‖₂, how steep the field of each net is where noised images lie: power iteration on JᵀJ, by exact products. */
import { PhiloxStream, STREAM_EVALUATION } from '../engine/philox.ts'
import { placeOn, pathsOf, toImage } from '../flow/place.ts'
import { recordInputCotangent, recordInputTangent } from '../model/jacobian.ts'
import type { Reading } from '../panel.ts'
import type { Bench } from './diagnostic.ts'
import { atOnceOf, lotsOf, recordLook, showHeldOut } from './look.ts'

export interface SlopeOptions {
  /** Held-out images 0 … count − 1 with their noise (count,d). */
  count: number
  noise: Float32Array
  t: readonly number[]
  /** Of the iteration, each a product with J and one with Jᵀ. */
  turns: number
  /** Awaited after each level of each lot. */
  between: () => Promise<void>
}

/** Of one image at one level: never above the truth; `change` is by how much the last turn raised it, relatively. */
export interface Slope {
  value: number
  change: number
}

/** What is made of the answer: keep x + along v. */
export interface Lens {
  keep: number
  along: number
}

export const readings = ['velocity', 'denoiser'] as const satisfies readonly Reading[]
export const PLAIN: Lens = { keep: 0, along: 1 }

/** [replica][level][image] of each reading. */
export async function netSlopes(bench: Bench, { count: n, noise, t, turns, between }: SlopeOptions): Promise<Record<Reading, Slope[][][]>> {
  const { training, config } = bench
  const { replicas: R, batch: { dimensions: d } } = training
  const lot = atOnceOf(bench, n)
  const look = recordLook(bench, { samples: lot, images: lot, keep: true, name: 'slope ' })
  const [forth, back] = [bench.recorder(), bench.recorder()]
  const push = recordInputTangent(forth, training, look.frozen, { name: 'slope tangent ' })
  const pull = recordInputCotangent(back, training, look.frozen, { velocity: push.velocity!, name: 'slope cotangent ' })
  const table = await bench.lay(look.recorder, forth, back)
  const first = new Float32Array(R * n * d)
  for (let r = 0; r < R; r++) new PhiloxStream(config.data.seed, STREAM_EVALUATION, 14).fillNormal(first.subarray(r * n * d, (r + 1) * n * d))

  const paths = pathsOf(config)
  const empty = () => paths.map(() => t.map((): Slope[] => []))
  const result: Record<Reading, Slope[][][]> = { velocity: empty(), denoiser: empty() }
  for (const start of lotsOf(n, lot)) {
    showHeldOut(bench, table, look, lot, noise.subarray(start * d), start)
    const own = new Float32Array(R * lot * d)
    for (let r = 0; r < R; r++) own.set(first.subarray((r * n + start) * d, (r * n + start + lot) * d), r * lot * d)
    for (const [l, level] of t.entries()) {
      table.write(look.batch.t, new Float32Array(R * lot).fill(level))
      table.submit(look.recorder)
      for (const reading of readings) {
        const lenses = paths.map(path => (reading === 'velocity' ? PLAIN : toImage(placeOn(path, level))))
        const slopes = await greatest(lenses, own)
        lenses.forEach((_, r) => { for (let i = 0; i < lot; i++) result[reading][r][l][start + i] = slopes[r * lot + i] })
      }
      await between()
    }
  }
  return result

  /** Of keep I + along J, by the lens of each replica, from these directions (R,lot,d). */
  async function greatest(lenses: readonly Lens[], begun: Float32Array): Promise<Slope[]> {
    const through = (u: Float32Array, product: Float32Array) => u.map((value, i) => {
      const { keep, along } = lenses[Math.floor(i / (lot * d))]
      return keep * value + along * product[i]
    })
    const slopes = Array.from({ length: R * lot }, (): Slope => ({ value: 0, change: 0 }))
    let u = toUnits(begun, d).units
    for (let turn = 0; turn < turns; turn++) {
      table.write(push.direction, u)
      table.submit(forth)
      const seen = through(u, await table.read(push.velocity!, 0, R * lot * d))
      table.write(push.velocity!, seen)
      table.submit(back)
      const { units, lengths } = toUnits(through(seen, await table.read(pull.dimage, 0, R * lot * d)), d)
      u = units
      lengths.forEach((length, i) => {
        const value = Math.sqrt(length)
        slopes[i] = { value, change: value > 0 ? 1 - slopes[i].value / value : 0 }
      })
    }
    return slopes
  }
}

/** Rows (·,d) at length 1, those of length 0 as they are. */
function toUnits(values: Float32Array, d: number): { units: Float32Array; lengths: number[] } {
  const lengths = Array.from({ length: values.length / d }, (_, i) => Math.sqrt(values.subarray(i * d, (i + 1) * d).reduce((sum, value) => sum + value * value, 0)))
  return { units: values.map((value, i) => value / (lengths[Math.floor(i / d)] || 1)), lengths }
}
