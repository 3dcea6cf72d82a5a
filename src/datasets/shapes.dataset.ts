/**
 * Shapes: one filled, anti-aliased, coloured shape on a shaded background, RGB. Position, size, rotation and both colours are free. A fine
 * grain keeps the data off an exact manifold, so that the loss at low noise has a known floor.
 */
import { defineDataset } from './dataset.ts';
import { crescent, disc, polygon, ring, type SignedDistance } from './signed-distance.ts';

const GRAIN = 0.02;

/** Vertices on the unit circle; `inner` < 1 makes a star. */
function star(points: number, inner = 1): [x: number, y: number][] {
  const count = inner === 1 ? points : 2 * points;
  return Array.from({ length: count }, (_, i) => {
    const radius = i % 2 === 1 ? inner : 1;
    const angle = (2 * Math.PI * i) / count - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

const ARM = 0.3; // half-width of the cross's arms
const SHAPES: [name: string, distance: SignedDistance][] = [
  ['disc', disc(0.85)],
  ['ring', ring(0.78, 0.22)],
  ['crescent', crescent(0.95, 0.8, 0.5)],
  ['triangle', polygon(star(3))],
  ['square', polygon(star(4))],
  ['bar', polygon([[-1, -0.3], [1, -0.3], [1, 0.3], [-1, 0.3]])],
  ['cross', polygon([
    [-ARM, -1], [ARM, -1], [ARM, -ARM], [1, -ARM], [1, ARM], [ARM, ARM],
    [ARM, 1], [-ARM, 1], [-ARM, ARM], [-1, ARM], [-1, -ARM], [-ARM, -ARM],
  ])],
  ['star', polygon(star(5, 0.42))],
];

export default defineDataset({
  id: 'shapes',
  label: 'Shapes',
  summary: 'Filled coloured shapes of 8 kinds with free position, size, rotation and colour, on a shaded background.',
  classes: SHAPES.map(([name]) => name),
  channels: 3,
  size: 16,
  sizes: [12, 16, 24, 32, 64],
  // x, y: centre, and radius, in half-images; rotation: radians; colours in [-1,1]; gradientX, gradientY: slope of the background, all channels
  latentNames: [
    'class', 'x', 'y', 'radius', 'rotation', 'red', 'green', 'blue',
    'backgroundRed', 'backgroundGreen', 'backgroundBlue', 'gradientX', 'gradientY',
  ],

  // |shape channel| is in (.6,.88) and |background channel| below .3 + 2·.15 = .6, so a shape stands out in every channel; .88 and
  // the largest grain, 5.77·.02, stay within [-1,1] with no clipping.
  draw(random, latents) {
    latents[0] = random.integer(SHAPES.length);
    latents[1] = random.uniform(-0.3, 0.3);
    latents[2] = random.uniform(-0.3, 0.3);
    latents[3] = random.uniform(0.45, 0.7);
    latents[4] = random.uniform(0, 2 * Math.PI);
    for (let channel = 0; channel < 3; channel++) {
      const signed = random.uniform(-1, 1);
      latents[5 + channel] = Math.sign(signed) * (0.6 + 0.28 * Math.abs(signed));
      latents[8 + channel] = random.uniform(-0.3, 0.3);
    }
    latents[11] = random.uniform(-0.15, 0.15);
    latents[12] = random.uniform(-0.15, 0.15);
  },

  // Coverage of a pixel = 1/2 − signed distance of its centre in pixels, clamped: exact for a straight edge along the grid.
  render(latents, image, size) {
    const [label, cx, cy, radius, rotation] = latents;
    const distance = SHAPES[label][1];
    const cos = Math.cos(rotation) / radius;
    const sin = Math.sin(rotation) / radius;
    const pixelsPerUnit = (radius * size) / 2;
    for (let i = 0; i < size; i++) {
      const y = ((i + 0.5) / size) * 2 - 1;
      for (let j = 0; j < size; j++) {
        const x = ((j + 0.5) / size) * 2 - 1;
        const edge = distance(cos * (x - cx) + sin * (y - cy), cos * (y - cy) - sin * (x - cx)) * pixelsPerUnit;
        const coverage = Math.min(1, Math.max(0, 0.5 - edge));
        const shade = latents[11] * x + latents[12] * y;
        for (let channel = 0; channel < 3; channel++) {
          const background = latents[8 + channel] + shade;
          image[(channel * size + i) * size + j] = background + coverage * (latents[5 + channel] - background);
        }
      }
    }
  },

  texture(random, image) {
    for (let i = 0; i < image.length; i++) image[i] += GRAIN * random.normal();
  },

  swapClass(latents, to) {
    latents[0] = to;
  },

  floor: (t) => GRAIN ** 2 / ((1 - t) ** 2 * GRAIN ** 2 + t ** 2),
  floorAssumes: 'The model is told the whole picture exactly and only has to denoise the Gaussian grain of standard deviation 0.02.',
});
