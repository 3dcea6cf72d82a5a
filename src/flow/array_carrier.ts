/** On plain arrays the way of one net, or those of several (nets,…) by fixed steps at the same times: for fields in closed form and for networks that run elsewhere. */
import type { Carrier } from './solver.ts'

type Numbers = Float32Array | Float64Array

/** @param noise ξ of a draw, as long as x; only the SDE asks */
export function arrayCarrier<T extends Numbers>(start: T, velocity: (y: T, t: number) => Promise<ArrayLike<number>> | ArrayLike<number>, noise: (draw: number) => ArrayLike<number>, between?: () => Promise<void>): Carrier & { x: T } {
  const k: ArrayLike<number>[] = []
  let y = start
  const carrier: Carrier & { x: T } = {
    x: start,
    async look(plane, [t]) { k[plane] = await velocity(y, t) },
    combine(rows, draw) {
      const xi = rows.some(({ noise: scale }) => scale > 0) ? noise(draw) : null
      const each = carrier.x.length / rows.length
      y = carrier.x.map((value, i) => {
        const { keep, along, noise: scale } = rows[Math.floor(i / each)]
        let sum = keep * value
        for (let j = 0; j < along.length; j++) sum += along[j] * k[j][i]
        return xi ? sum + scale * xi[i] : sum
      }) as T
    },
    accept([taken], reuse) {
      if (!taken) return
      carrier.x = y
      if (reuse) k[0] = k[k.length - 1]
    },
    error([along], atol, rtol) {
      let sum = 0
      for (let i = 0; i < y.length; i++) {
        let off = 0
        for (let j = 0; j < along.length; j++) off += along[j] * k[j][i]
        sum += (off / (atol + rtol * Math.max(Math.abs(carrier.x[i]), Math.abs(y[i])))) ** 2
      }
      return [Math.sqrt(sum / y.length)]
    },
    between,
  }
  return carrier
}
