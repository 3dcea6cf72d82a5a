/**
 * Signed distances to plane shapes of about unit radius: negative inside. Formulas after Inigo Quilez, "2D distance functions". A difference of
 * shapes gives a bound that is exact near edges and off at corners, which is enough for anti-aliasing.
 */
export type SignedDistance = (x: number, y: number) => number;

export const disc =
  (radius: number): SignedDistance =>
  (x, y) =>
    Math.hypot(x, y) - radius;

/** Band of half-width `half` about the circle of `radius`. */
export const ring =
  (radius: number, half: number): SignedDistance =>
  (x, y) =>
    Math.abs(Math.hypot(x, y) - radius) - half;

/** Disc of `radius` less the disc of `cut` whose centre is `offset` to the right. */
export const crescent =
  (radius: number, cut: number, offset: number): SignedDistance =>
  (x, y) =>
    Math.max(Math.hypot(x, y) - radius, cut - Math.hypot(x - offset, y));

/** Simple polygon: distance to the nearest edge, its sign from the crossing parity of a ray. */
export function polygon(vertices: readonly [x: number, y: number][]): SignedDistance {
  const edges = vertices.map(([x, y], i) => {
    const [previousX, previousY] = vertices.at(i - 1)!;
    return { x, y, dx: previousX - x, dy: previousY - y, inverse: 1 / ((previousX - x) ** 2 + (previousY - y) ** 2) };
  });
  return (x, y) => {
    let squared = Infinity;
    let inside = false;
    for (const edge of edges) {
      const toX = x - edge.x;
      const toY = y - edge.y;
      const along = Math.min(1, Math.max(0, (toX * edge.dx + toY * edge.dy) * edge.inverse));
      const nearX = toX - edge.dx * along;
      const nearY = toY - edge.dy * along;
      squared = Math.min(squared, nearX * nearX + nearY * nearY);
      if (toY < 0 !== toY < edge.dy && toX * Math.abs(edge.dy) < edge.dx * toY * Math.sign(edge.dy)) inside = !inside;
    }
    return inside ? -Math.sqrt(squared) : Math.sqrt(squared);
  };
}
