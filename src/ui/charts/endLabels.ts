/** Names without the words that all begin or end with, where one has more letters than there is room for. Pure. */
export function shortNames(names: readonly string[], longest = 17): string[] {
  if (names.length < 2 || names.every(({ length }) => length <= longest)) return [...names]
  const words = names.map((name) => name.split(' '))
  const most = Math.min(...words.map(({ length }) => length)) - 1
  const shared = (at: (own: string[], i: number) => string) => {
    const first = Array.from({ length: most }).findIndex((_, i) => words.some((own) => at(own, i) !== at(words[0], i)))
    return first < 0 ? most : first
  }
  const before = shared((own, i) => own[i])
  const after = Math.min(shared((own, i) => own[own.length - 1 - i]), most - before)
  return words.map((own) => own.slice(before, own.length - after).join(' '))
}

/** Moves labels apart that would overlap, keeping their order and staying between top and bottom. Pure. */
export function spread(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b)
  const places = [...wanted]
  let least = top
  for (const i of order) {
    places[i] = Math.max(wanted[i], least)
    least = places[i] + gap
  }
  let most = bottom
  for (const i of order.reverse()) {
    places[i] = Math.min(places[i], most)
    most = places[i] - gap
  }
  return places
}

interface Spot {
  x: number
  y: number | null
}

/** Middle of the lowest place for words of this height that no line crosses between left and right, or of the widest gap that there is. Pure. */
export function freePlace(lines: readonly (readonly Spot[])[], { left, right, top, bottom, height }: { left: number; right: number; top: number; bottom: number; height: number }): number {
  const crossed = lines.flatMap((line) => line.flatMap(({ x, y }, i): [number, number][] => {
    const next = line[i + 1]
    if (y === null) return []
    if (!next || next.y === null) return x >= left && x <= right ? [[y, y]] : []
    const at = (place: number) => (next.x === x ? y : y + ((next.y! - y) * (place - x)) / (next.x - x))
    const [from, to] = [Math.max(left, Math.min(x, next.x)), Math.min(right, Math.max(x, next.x))]
    return from > to ? [] : [[Math.min(at(from), at(to)), Math.max(at(from), at(to))]]
  })).sort(([a], [b]) => a - b)
  const gaps: [number, number][] = []
  let free = top
  for (const [high, low] of [...crossed, [bottom, bottom]]) {
    if (high > free) gaps.push([free, high])
    free = Math.max(free, low)
  }
  const room = ([high, low]: [number, number]) => low - high
  const [high, low] = gaps.findLast((gap) => room(gap) >= height + 4) ?? gaps.reduce((best, gap) => (room(gap) > room(best) ? gap : best), [top, top])
  return Math.max((high + low) / 2, low - 2 - height / 2)
}
