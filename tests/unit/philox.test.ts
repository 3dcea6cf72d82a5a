import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as philoxModule from '../../src/engine/philox.ts';
import { normals, philox, PhiloxStream, STREAM_DATA_TEST, STREAM_DATA_TRAIN, uniformOpen } from '../../src/engine/philox.ts';

// Random123, kat_vectors, the "philox4x32 10" lines: counter (4), key (2), result (4).
const KNOWN_ANSWERS: [name: string, counter: number[], key: number[], result: number[]][] = [
  ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    'ones',
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    'digits of pi',
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test.each(KNOWN_ANSWERS)('known answer: %s', (_name, [c0, c1, c2, c3], [k0, k1], result) => {
  expect([...philox(c0, c1, c2, c3, k0, k1)]).toEqual(result);
});

test('philox writes into the array it is given', () => {
  const out = new Uint32Array(4);
  expect(philox(0, 0, 0, 0, 0, 0, out)).toBe(out);
  expect(out[0]).toBe(0x6627e8d5);
});

test('uniforms lie inside (0,1), are symmetric and are exact in f32', () => {
  expect(uniformOpen(0)).toBe(2 ** -24);
  expect(uniformOpen(0xffffffff)).toBe(1 - 2 ** -24);
  for (let word = 1; word < 2 ** 32; word += 0x01234567) {
    const value = uniformOpen(word);
    expect(Math.fround(value)).toBe(value);
    expect(uniformOpen(~word >>> 0)).toBe(1 - value);
  }
});

/** First four moments of n draws: mean, variance, skewness, kurtosis (3 for a normal). */
function moments(draw: () => number, n: number) {
  const values = Float64Array.from({ length: n }, draw);
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / n;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

// Bounds are 4.5 standard errors at n = 262144: se = sqrt(v/n), sqrt(2/n), sqrt(6/n), sqrt(24/n) for normals.
const DRAWS = 262144;

test('moments of normals', () => {
  const stream = new PhiloxStream(7, 0, 3);
  const { mean, variance, skewness, kurtosis } = moments(() => stream.normal(), DRAWS);
  expect(Math.abs(mean)).toBeLessThan(4.5 * Math.sqrt(1 / DRAWS));
  expect(Math.abs(variance - 1)).toBeLessThan(4.5 * Math.sqrt(2 / DRAWS));
  expect(Math.abs(skewness)).toBeLessThan(4.5 * Math.sqrt(6 / DRAWS));
  expect(Math.abs(kurtosis - 3)).toBeLessThan(4.5 * Math.sqrt(24 / DRAWS));
});

test('moments of uniforms', () => {
  const stream = new PhiloxStream(7, 1, 3);
  const { mean, variance, kurtosis } = moments(() => stream.uniform(), DRAWS);
  expect(Math.abs(mean - 0.5)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / DRAWS));
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.0008);
  expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.01);
});

test('normals of one pair, of neighbours and of neighbouring steps and streams are uncorrelated', () => {
  const n = 65536;
  const correlation = (a: () => number, b: () => number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += a() * b();
    return Math.abs(sum / n);
  };
  const one = new PhiloxStream(1, 0, 0);
  const normal = (seed: number, stream: number, step: number) => {
    const source = new PhiloxStream(seed, stream, step);
    return () => source.normal();
  };
  const bound = 4.5 / Math.sqrt(n);
  expect(correlation(() => one.normal(), () => one.normal())).toBeLessThan(bound);
  expect(correlation(normal(1, 0, 0), normal(1, 0, 1))).toBeLessThan(bound);
  expect(correlation(normal(1, 0, 0), normal(1, 1, 0))).toBeLessThan(bound);
  expect(correlation(normal(1, 0, 0), normal(2, 0, 0))).toBeLessThan(bound);
});

test('a stream gives element n what the counter convention gives it', () => {
  const [seed, stream, step] = [11, 5, 42];
  const uniforms = new PhiloxStream(seed, stream, step);
  const gaussians = new PhiloxStream(seed, stream, step);
  for (let block = 0; block < 5; block++) {
    const words = philox(block, step, stream, 0, seed, 0);
    const expected = normals(words);
    for (let word = 0; word < 4; word++) {
      expect(uniforms.uniform()).toBe(uniformOpen(words[word]));
      expect(gaussians.normal()).toBe(expected[word]);
    }
  }
});

test('the shader declares the same streams', () => {
  const shader = readFileSync(new URL('../../shaders/lib/philox.wgsl', import.meta.url), 'utf8');
  const inShader = [...shader.matchAll(/const (STREAM_\w+) = (\d+)u;/g)].map(([, name, value]) => [name, Number(value)]);
  const inModule = Object.entries(philoxModule).filter(([name]) => name.startsWith('STREAM_'));
  expect(Object.fromEntries(inShader)).toEqual(Object.fromEntries(inModule));
  expect([STREAM_DATA_TRAIN, STREAM_DATA_TEST]).toEqual([8, 9]);
});
