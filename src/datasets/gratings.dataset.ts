/**
 * Gratings: a windowed plane wave on a tilted background under pink texture. The class is one of 5 orientations × 2 frequencies. The phase is
 * free, so class means are zero and a linear map of pixels can hardly tell the classes, yet a small network can.
 */
import { defineDataset } from './dataset.ts';
import { gaussianTexture, type Texture } from './texture.ts';

const SIZES = [8, 12, 16, 24, 32];
const ORIENTATIONS = 5;
const FREQUENCIES = [2.2, 3.8]; // cycles per image
const WINDOW = 0.6; // standard deviation, half-images
const BACKGROUND = 0.3;
const PINK = 0.2;
const WHITE = 0.02;

const orientationOf = (label: number) => ((label % ORIENTATIONS) * Math.PI) / ORIENTATIONS;
const frequencyOf = (label: number) => FREQUENCIES[Math.floor(label / ORIENTATIONS)];

const textures = new Map<number, Texture>();
function textureOf(size: number): Texture {
  let texture = textures.get(size);
  if (!texture) textures.set(size, (texture = gaussianTexture(size, PINK, WHITE)));
  return texture;
}

// Scratch of render: the factors of one column each.
const columnCos = new Float64Array(Math.max(...SIZES));
const columnSin = new Float64Array(Math.max(...SIZES));

export default defineDataset({
  id: 'gratings',
  label: 'Gratings',
  summary: 'Windowed waves of 5 orientations and 2 frequencies with random phase, on a tilted background under pink texture.',
  classes: FREQUENCIES.flatMap((_, group) =>
    Array.from({ length: ORIENTATIONS }, (_, k) => `${(180 / ORIENTATIONS) * k}° ${group === 0 ? 'coarse' : 'fine'}`),
  ),
  channels: 1,
  size: 12,
  sizes: SIZES,
  // orientation, phase: radians; frequency: cycles per image; cx, cy: window centre in (-1,1); gx, gy, b: slope and offset of the background
  latentNames: ['class', 'orientation', 'frequency', 'phase', 'cx', 'cy', 'amplitude', 'gx', 'gy', 'b'],

  draw(random, latents) {
    const label = random.integer(ORIENTATIONS * FREQUENCIES.length);
    latents[0] = label;
    latents[1] = orientationOf(label) + random.uniform(-0.12, 0.12);
    latents[2] = frequencyOf(label) * (1 + random.uniform(-0.08, 0.08));
    latents[3] = random.uniform(0, 2 * Math.PI);
    latents[4] = random.uniform(-0.4, 0.4);
    latents[5] = random.uniform(-0.4, 0.4);
    latents[6] = 0.9 * random.uniform(0.6, 1.2);
    latents[7] = random.uniform(-1, 1);
    latents[8] = random.uniform(-1, 1);
    latents[9] = random.uniform(-1, 1);
  },

  // amplitude · exp(−((x−cx)²+(y−cy)²)/(2·.6²)) · cos(πf(x cos o + y sin o) + phase) + .3 (gx x + gy y + b), pixel centres x, y in (-1,1).
  // Window and wave are separable (cos(p+q) = cos p cos q − sin p sin q), so transcendental functions are called per row and column only.
  render(latents, image, size) {
    const [, orientation, frequency, phase, cx, cy, amplitude, gx, gy, b] = latents;
    const waveX = Math.PI * frequency * Math.cos(orientation);
    const waveY = Math.PI * frequency * Math.sin(orientation);
    const centre = (i: number) => ((i + 0.5) / size) * 2 - 1;
    const windowAt = (distance: number) => Math.exp(-(distance ** 2) / (2 * WINDOW ** 2));
    for (let j = 0; j < size; j++) {
      const x = centre(j);
      columnCos[j] = windowAt(x - cx) * Math.cos(waveX * x);
      columnSin[j] = windowAt(x - cx) * Math.sin(waveX * x);
    }
    for (let i = 0; i < size; i++) {
      const y = centre(i);
      const rowCos = amplitude * windowAt(y - cy) * Math.cos(waveY * y + phase);
      const rowSin = amplitude * windowAt(y - cy) * Math.sin(waveY * y + phase);
      for (let j = 0; j < size; j++) {
        const background = BACKGROUND * (gx * centre(j) + gy * y + b);
        image[i * size + j] = columnCos[j] * rowCos - columnSin[j] * rowSin + background;
      }
    }
  },

  texture: (random, image, size) => textureOf(size).add(random, image),

  swapClass(latents, to) {
    const from = latents[0];
    latents[0] = to;
    latents[1] += orientationOf(to) - orientationOf(from);
    latents[2] *= frequencyOf(to) / frequencyOf(from);
  },

  floor: (t, size = 12) => textureOf(size).floor(t),
  floorAssumes: 'The model is told grating and background exactly and only has to denoise the Gaussian texture, mode by mode.',
});
