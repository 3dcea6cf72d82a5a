/**
 * What nearest neighbours say of generated images: precision and recall on k-nearest-neighbour manifolds (Kynkäänniemi et al., arXiv 1904.06991),
 * and how near the nearest training image is. Euclidean distances in float64; `between` is awaited after each piece of work.
 */

/** Points (n,w). */
export interface Points {
  values: Float32Array | Float64Array
  width: number
}

export type Between = () => Promise<void>

/** k of the manifolds, as the paper takes it. */
export const MANIFOLD = 3
/** Rows between two waits. */
const PIECE = 64

export const countOf = ({ values, width }: Points) => values.length / width

/** ‖a_i − b_j‖², given up once it is above `most`. */
function squaredDistance(a: Points, i: number, b: Points, j: number, most: number): number {
  let [at, bt, sum] = [i * a.width, j * b.width, 0]
  const end = at + a.width
  while (at < end) {
    const stop = Math.min(end, at + 16)
    for (; at < stop; at++, bt++) sum += (a.values[at] - b.values[bt]) ** 2
    if (sum > most) break
  }
  return sum
}

/** Squared distance of each point to its k-th nearest among the others of its set. @throws RangeError with k points or fewer */
export async function neighbourRadii(points: Points, k: number, between: Between): Promise<Float64Array> {
  const n = countOf(points)
  if (n <= k) throw new RangeError(`the ${k} nearest of others need more than ${k} images, and there are ${n}`)
  const radii = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const nearest = new Float64Array(k).fill(Infinity) // ascending
    for (let j = 0; j < n; j++) {
      if (i === j) continue
      const distance = squaredDistance(points, i, points, j, nearest[k - 1])
      if (distance >= nearest[k - 1]) continue
      let place = k - 1
      for (; place > 0 && nearest[place - 1] > distance; place--) nearest[place] = nearest[place - 1]
      nearest[place] = distance
    }
    radii[i] = nearest[k - 1]
    if (i % PIECE === PIECE - 1) await between()
  }
  return radii
}

/** Share of `asked` that lies in some ball of the set: precision with real balls and generated images asked, recall the other way round. */
export async function shareCovered(set: Points, radii: Float64Array, asked: Points, between: Between): Promise<number> {
  const n = countOf(asked)
  let inside = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < radii.length; j++) {
      if (squaredDistance(asked, i, set, j, radii[j]) <= radii[j]) {
        inside++
        break
      }
    }
    if (i % PIECE === PIECE - 1) await between()
  }
  return inside / n
}

export interface Nearest {
  /** Row of the set. */
  row: number
  /** Root mean square difference of a value. */
  distance: number
}

/** The nearest of the set to each point asked about. @throws RangeError for an empty set */
export async function nearestOf(set: Points, asked: Points, between: Between): Promise<Nearest[]> {
  if (countOf(set) === 0) throw new RangeError('there are no images to be near to')
  const found: Nearest[] = []
  for (let i = 0; i < countOf(asked); i++) {
    let [row, least] = [0, Infinity]
    for (let j = 0; j < countOf(set); j++) {
      const distance = squaredDistance(asked, i, set, j, least)
      if (distance < least) [row, least] = [j, distance]
    }
    found.push({ row, distance: Math.sqrt(least / set.width) })
    if (i % 8 === 7) await between()
  }
  return found
}
