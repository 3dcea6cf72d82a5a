/**
 * The dataset contract. A dataset is one file `<id>.dataset.ts` beside this one with `export default defineDataset({...})`; index.ts finds it,
 * and nothing else is edited.
 *
 * Image i depends on (seed, split, i) alone: its numbers are the Philox words of (seed, stream of the split, step = i). So any chunk, in
 * any order and on any machine, gives the same images, and train and test are disjoint because their streams are.
 */
import { PhiloxStream, STREAM_DATA_TEST, STREAM_DATA_TRAIN } from '../engine/philox.ts';
import type { Estimate } from '../flow/estimate.ts';

export type Split = 'train' | 'test';

export interface GenerateOptions {
  /** u32. */
  seed: number;
  split: Split;
  /** Side in pixels, one of `sizes`; the dataset's own `size` when left out. */
  size?: number;
  /** Index of the first image (default 0), so that a caller can go chunk by chunk and report progress. */
  start?: number;
}

export interface DatasetBatch {
  images: Float32Array; // (N,ch,size,size), about [-1,1]
  labels: Uint8Array; // (N)
  latents: Float32Array; // (N, latentNames.length)
  channels: number;
  size: number;
}

/** The images of one run. */
export interface RunData {
  dataset: Dataset;
  /** (N,ch,h,w) */
  train: Float32Array;
  trainLabels: Uint8Array;
  heldOut: Float32Array;
  heldOutLabels: Uint8Array;
}

/** How images of a data set are shown as points. */
export interface Plane {
  /** Half the side of the square that is shown, about 0. */
  extent: number;
  /** What of the plane stands in the middle of the square, and how many times as large it is shown; as it is when left out. */
  zoom?: { centre: readonly [number, number]; times: number };
  /** Orthonormal (2, d): the plane within the space of pixels of this size; the two channels of the one pixel when left out. */
  basis?(size: number): Float64Array;
}

export interface DatasetDefinition {
  id: string;
  label: string;
  /** One sentence. */
  summary: string;
  /** Names; a label is an index into them. */
  classes: readonly string[];
  channels: number;
  /** Native side in pixels. */
  size: number;
  /** Every side the dataset can be drawn at, ascending; only `size` when left out. */
  sizes?: readonly number[];
  /** What one row of latents holds. The first is 'class'. */
  latentNames: readonly string[];
  /** Draws one row of latents. */
  draw(random: PhiloxStream, latents: Float32Array): void;
  /** Draws the image of one row of latents, without any texture: image (ch,size,size) is overwritten. Deterministic. */
  render(latents: Float32Array, image: Float32Array, size: number): void;
  /** Adds what no latent describes: (ch,size,size). */
  texture?(random: PhiloxStream, image: Float32Array, size: number): void;
  /** Turns a row of latents into the same row under another class, every nuisance kept: the direction of a class change. */
  swapClass(latents: Float32Array, to: number): void;
  /**
   * Lower bound of the flow-matching loss at noise level t (x_t = (1−t) x0 + t ε, target ε − x0), mean over dimensions: no model can do
   * better. `floorAssumes` says in one sentence what the bound grants the model. `labelled`: for a net that is given the class, which may
   * lower it (default false; ignored where the bound grants the class anyway).
   */
  floor?(t: number, size?: number, labelled?: boolean): number;
  floorAssumes?: string;
  /** The same with its standard error and draws, where it is sampled in part. */
  floorEstimate?(t: number, size?: number, labelled?: boolean): Estimate;
  /** p(class | x_t = x) by Bayes' rule from the true densities, in float64: (K). x: (ch,size,size). */
  posterior?(x: ArrayLike<number>, t: number): Float64Array;
  /** E[ε − x0 | x_t = x], the velocity that reaches the floor, for a model that is not told the class, or is told this `label`. x, out: (ch,size,size). */
  field?(x: ArrayLike<number>, t: number, out: Float32Array | Float64Array, label?: number): void;
  /** Accuracy of the best classifier of x_t: no probe can do better. */
  bayesAccuracy?(t: number, size?: number): Estimate;
  /** Where its images are points rather than pictures. */
  plane?: Plane;
}

/** Draws its images from numbers, as many as are asked for. */
export interface ProceduralDataset extends DatasetDefinition {
  sizes: readonly number[];
  /** Images start .. start + count − 1 of a split. */
  generate(count: number, options: GenerateOptions): DatasetBatch;
}

type Making = 'draw' | 'render' | 'texture' | 'swapClass';

/** Any dataset: one whose images come from a file cannot make new ones, and has only so many. */
export interface Dataset extends Omit<ProceduralDataset, Making>, Partial<Pick<DatasetDefinition, Making>> {
  /** Images there are; absent where there is no end of them. */
  available?: Readonly<Record<Split, number>>;
  /** Fetches what `generate` needs; called before it. */
  load?(): Promise<void>;
}

const STREAM_OF_SPLIT: Record<Split, number> = { train: STREAM_DATA_TRAIN, test: STREAM_DATA_TEST };

export function defineDataset(definition: DatasetDefinition): ProceduralDataset {
  const { id, channels, classes, latentNames, size: nativeSize, sizes = [nativeSize] } = definition;
  if (latentNames[0] !== 'class') throw new Error(`Dataset ${id}: the first latent must be 'class'.`);
  if (classes.length > 256) throw new Error(`Dataset ${id}: labels are bytes, so at most 256 classes.`);
  if (!sizes.includes(nativeSize)) throw new Error(`Dataset ${id}: sizes must include the native ${nativeSize}.`);

  function generate(count: number, { seed, split, size = nativeSize, start = 0 }: GenerateOptions): DatasetBatch {
    if (!sizes.includes(size)) throw new RangeError(`Dataset ${id} has no size ${size}; it has ${sizes.join(', ')}.`);
    const pixels = channels * size * size;
    const images = new Float32Array(count * pixels);
    const labels = new Uint8Array(count);
    const latents = new Float32Array(count * latentNames.length);
    for (let i = 0; i < count; i++) {
      const random = new PhiloxStream(seed, STREAM_OF_SPLIT[split], start + i);
      const row = latents.subarray(i * latentNames.length, (i + 1) * latentNames.length);
      const image = images.subarray(i * pixels, (i + 1) * pixels);
      definition.draw(random, row);
      definition.render(row, image, size);
      definition.texture?.(random, image, size);
      labels[i] = row[0];
    }
    return { images, labels, latents, channels, size };
  }

  return { ...definition, sizes, generate };
}
