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
