import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config.ts';
import type { ProceduralDataset } from '../../src/datasets/dataset.ts';
import { drawingId } from '../../src/datasets/drawn.ts';
import { datasetOf, datasets as registered } from '../../src/datasets/index.ts';
import { gaussianTexture } from '../../src/datasets/texture.ts';
import { checkConfig } from '../../src/lab/data.ts';
import { encodeGridPng } from '../../src/lab/png.ts';

const datasets = registered as Record<string, ProceduralDataset>;

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

test('the datasets are found by name', () => {
  expect(Object.keys(datasets).sort()).toEqual(expect.arrayContaining(['gratings', 'shapes']));
});

describe.each(Object.values(datasets))('dataset $id', (dataset) => {
  const { channels, classes, latentNames, size } = dataset;
  const pixels = channels * size * size;

  test('has the shapes it says and finite values near [-1,1]', () => {
    const batch = dataset.generate(300, { seed: 1, split: 'train' });
    expect([batch.channels, batch.size]).toEqual([channels, size]);
    expect([batch.images.length, batch.labels.length, batch.latents.length]).toEqual([300 * pixels, 300, 300 * latentNames.length]);
    expect(batch.images.every((x) => Math.abs(x) < 3)).toBe(true);
    expect(batch.latents.every(Number.isFinite)).toBe(true);
    expect(batch.labels.every((label, i) => label < classes.length && label === batch.latents[i * latentNames.length])).toBe(true);
  });

  test('an image depends on seed, split and index alone', () => {
    const options = { seed: 5, split: 'train' } as const;
    const whole = dataset.generate(100, options);
    expect(dataset.generate(100, options)).toEqual(whole);
    const second = dataset.generate(63, { ...options, start: 37 });
    const first = dataset.generate(37, options);
    expect([...first.images, ...second.images]).toEqual([...whole.images]);
    expect([...first.latents, ...second.latents]).toEqual([...whole.latents]);
    expect([...first.labels, ...second.labels]).toEqual([...whole.labels]);
  });

  test('train, test and another seed share no image', () => {
    const sets = [
      dataset.generate(200, { seed: 5, split: 'train' }),
      dataset.generate(200, { seed: 5, split: 'test' }),
      dataset.generate(200, { seed: 6, split: 'train' }),
    ];
    const keys = sets.flatMap(({ images }) => Array.from({ length: 200 }, (_, i) => images.subarray(i * pixels, (i + 1) * pixels).join()));
    expect(new Set(keys).size).toBe(600);
  });

  test('classes are balanced (4.5 standard errors)', () => {
    const n = 4000;
    const counts = new Uint32Array(classes.length);
    for (const label of dataset.generate(n, { seed: 2, split: 'train' }).labels) counts[label]++;
    const p = 1 / classes.length;
    for (const count of counts) expect(Math.abs(count / n - p)).toBeLessThanOrEqual(4.5 * Math.sqrt((p * (1 - p)) / n));
  });

  test('every listed size can be drawn, with the same latents; others throw', () => {
    const { latents } = dataset.generate(4, { seed: 3, split: 'test' });
    for (const side of dataset.sizes) {
      const batch = dataset.generate(4, { seed: 3, split: 'test', size: side });
      expect(batch.images.length).toBe(4 * channels * side * side);
      expect(batch.latents).toEqual(latents);
    }
    expect(() => dataset.generate(1, { seed: 3, split: 'test', size: 7 })).toThrow(RangeError);
  });

  test('swapping the class changes the picture, and swapping back restores it', () => {
    const { latents } = dataset.generate(1, { seed: 4, split: 'train' });
    const before = new Float32Array(pixels);
    const swapped = new Float32Array(pixels);
    const after = new Float32Array(pixels);
    dataset.render(latents, before, size);
    for (let to = 0; to < classes.length; to++) {
      const row = latents.slice();
      dataset.swapClass(row, to);
      dataset.render(row, swapped, size);
      expect(swapped.some((x, i) => Math.abs(x - before[i]) > 0.1)).toBe(to !== latents[0]);
      dataset.swapClass(row, latents[0]);
      dataset.render(row, after, size);
      after.forEach((x, i) => expect(x).toBeCloseTo(before[i], 5));
    }
  });

  test('the floor is a loss: positive, 1 at t = 0 for a full-rank texture, and it says what it assumes', () => {
    if (!dataset.floor) return;
    expect(dataset.floorAssumes).toMatch(/\.$/);
    expect(dataset.floor(0)).toBeCloseTo(1, 12);
    for (const t of [0.01, 0.1, 0.5, 1]) expect(dataset.floor(t)).toBeGreaterThan(0);
  });
});

describe('gratings', () => {
  const { gratings } = datasets;
  const n = 6000;
  const { images, labels, latents } = gratings.generate(n, { seed: 0, split: 'train' });

  test('pixel standard deviation is about .42', () => {
    const average = mean(images);
    const deviation = Math.sqrt(mean(images.map((x) => (x - average) ** 2)));
    expect(deviation).toBeGreaterThan(0.41);
    expect(deviation).toBeLessThan(0.44);
  });

  // The phase is free, so a class mean is sampling noise: E|mean|² is the pixel power over the count. The ratio has few degrees of
  // freedom for one class (.3 to 4 seen), so its average over classes is held: .8 to 1.3 over a dozen draws.
  test('class means are zero', () => {
    const sums = new Float64Array(10 * 144);
    const counts = new Float64Array(10);
    labels.forEach((label, i) => {
      counts[label]++;
      for (let p = 0; p < 144; p++) sums[label * 144 + p] += images[i * 144 + p];
    });
    const power = mean(images.map((x) => x * x));
    const ratios = counts.map((count, label) => mean(sums.subarray(label * 144, (label + 1) * 144).map((x) => (x / count) ** 2)) / (power / count));
    expect(mean(ratios)).toBeLessThan(1.8);
  });

  test('what is left of an image without its grating has the declared spectrum', () => {
    const { variance } = gaussianTexture(12, 0.2, 0.02);
    expect(mean(variance)).toBeCloseTo(0.2 ** 2 + 0.02 ** 2, 12);
    const clean = new Float32Array(144);
    const modes = [[0, 0], [1, 0], [0, 1], [1, 11], [2, 3], [6, 6]];
    const power = modes.map(() => 0);
    for (let i = 0; i < n; i++) {
      gratings.render(latents.subarray(i * 10, (i + 1) * 10), clean, 12);
      modes.forEach(([a, b], m) => {
        let [real, imaginary] = [0, 0];
        for (let p = 0; p < 144; p++) {
          const angle = (2 * Math.PI * (a * Math.floor(p / 12) + b * (p % 12))) / 12;
          const residual = images[i * 144 + p] - clean[p];
          real += residual * Math.cos(angle);
          imaginary += residual * Math.sin(angle);
        }
        power[m] += (real ** 2 + imaginary ** 2) / 144 / n;
      });
    }
    // A real mode's power has relative standard error sqrt(2/n) = 1.8 %, a complex one's 1.3 %.
    modes.forEach(([a, b], m) => expect(Math.abs(power[m] / variance[a * 12 + b] - 1)).toBeLessThan(0.08));
  });

  // Loss of an estimator that knows grating and background, measured by sampling in an independent implementation of the same recipe.
  test.each([[0.001, 1.002], [0.01, 1.001], [0.03, 0.919], [0.1, 0.533], [0.2, 0.298], [0.3, 0.203], [0.5, 0.121], [0.8, 0.062]])(
    'the floor at t = %d is the measured oracle loss %d',
    (t, measured) => expect(Math.abs(gratings.floor!(t) - measured)).toBeLessThan(0.0006), // three printed decimals
  );

  test('an image takes microseconds (14 on one busy core; the bound is loose)', () => {
    const start = performance.now();
    gratings.generate(2000, { seed: 1, split: 'train' });
    const microseconds = ((performance.now() - start) / 2000) * 1000;
    expect(microseconds).toBeLessThan(300);
  });
});

test('shapes stay inside [-1,1]', () => {
  const { images } = datasets.shapes.generate(2000, { seed: 1, split: 'train' });
  expect(images.every((x) => Math.abs(x) <= 1)).toBe(true);
});

describe('encodeGridPng', () => {
  const pixel = (png: ReturnType<typeof decode>, x: number, y: number) => Array.from(png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 4));

  test('one channel: clamped grey, magenta for what is not a number, transparent gap', () => {
    const png = decode(encodeGridPng(new Float32Array([-1, 0, 9, NaN, 1]), [5, 1, 1, 1], { columns: 3, scale: 2, gap: 1 }));
    expect([png.width, png.height, png.channels]).toEqual([8, 5, 4]);
    expect(pixel(png, 0, 0)).toEqual([0, 0, 0, 255]);
    expect(pixel(png, 3, 1)).toEqual([128, 128, 128, 255]);
    expect(pixel(png, 6, 0)).toEqual([255, 255, 255, 255]);
    expect(pixel(png, 2, 0)[3]).toBe(0);
    expect(pixel(png, 0, 3)).toEqual([255, 0, 255, 255]);
    expect(pixel(png, 7, 4)[3]).toBe(0);
  });

  test('two, three and five channels', () => {
    const show = (values: number[]) => pixel(decode(encodeGridPng(new Float32Array(values), [1, values.length, 1, 1])), 0, 0);
    expect(show([1, 0])).toEqual([255, 128, 0, 255]);
    expect(show([-1, 1, 0])).toEqual([0, 255, 128, 255]);
    expect(show([1, -1, 1, 0, 0])).toEqual([255, 0, 255, 255]);
    expect(() => encodeGridPng(new Float32Array(3), [1, 1, 2, 2])).toThrow(RangeError);
  });
});

describe('a drawing', () => {
  const id = drawingId([{ class: 2, points: [[0, 0], [63, 0]] }, { class: 0, points: [[32, 63]] }]);

  test('is its id: points of a class lie about its strokes, evenly along them', () => {
    const { images, labels } = datasetOf(id)!.generate(2000, { seed: 1, split: 'train' });
    expect(datasetOf(id)!.classes).toEqual(['first', 'third']);
    const points = Array.from(labels, (label, i) => ({ label, x: images[2 * i], y: images[2 * i + 1] }));
    for (const { x, y } of points.filter(({ label }) => label === 0)) expect(Math.hypot(x - 2 / 63, y - 2)).toBeLessThan(0.3);
    const line = points.filter(({ label }) => label === 1);
    for (const { y } of line) expect(Math.abs(y + 2)).toBeLessThan(0.3);
    const left = line.filter(({ x }) => x < 0).length / line.length;
    expect(Math.abs(left - 0.5)).toBeLessThan(4.5 * Math.sqrt(0.25 / line.length));
    expect(datasetOf(id)).toBe(datasetOf(id));
  });

  test.each([['drawn-0AA', 'a drawing of one point has nothing to learn'], ['drawn-0AAAA', 'two points or more in different places'], ['drawn-0AA.1AA', 'two points or more in different places'], ['drawn-', 'this is no drawing'], ['drawn-7AAAA', 'this is no drawing'], ['drawn-0AAA', 'this is no drawing'], [`drawn-0${'ABAC'.repeat(751)}`, 'at most 1,500']])('%s is refused in one sentence', (wrong, reason) => {
    expect(datasetOf(wrong)).toBeUndefined();
    expect(() => checkConfig(parseConfig({ net: { channels: 2, size: 1, patch: 1 }, data: { dataset: wrong } }))).toThrow(reason);
  });

  test('no id reaches what every object has', () => {
    expect(datasetOf('constructor')).toBeUndefined();
  });
});
