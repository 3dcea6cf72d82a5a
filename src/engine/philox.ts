/**
 * Philox4x32-10, the TypeScript twin of shaders/lib/philox.wgsl: the same u32 words bit for bit, uniforms equal to the last bit,
 * normals equal to the rounding of log, sqrt, sin and cos.
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), Random123.
 *
 * Convention: counter = (element / 4, step, stream, 0), key = (seed, 0); element e reads word e % 4. A value depends on
 * (seed, stream, step, element) alone.
 */

export const STREAM_NOISE = 0;
export const STREAM_TIME = 1;
export const STREAM_LABEL_DROP = 2;
export const STREAM_BATCH = 3;
export const STREAM_INIT = 4;
export const STREAM_FRESH_NOISE = 5;
export const STREAM_SAMPLE = 6;
export const STREAM_EVALUATION = 7;
export const STREAM_DATA_TRAIN = 8;
export const STREAM_DATA_TEST = 9;
export const STREAM_THEORY = 10; // Monte Carlo of what needs no net
export const STREAM_NEGATIVE = 11;
export const STREAM_CANDIDATE = 12;

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_PI = 2 * Math.PI;

/** High word of the 64-bit product a·b of two u32, from products of 16-bit halves (each below 2^53, so exact). */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carry >>> 16);
}

/**
 * Four u32 for counter (c0, c1, c2, c3) and key (k0, k1). Each argument is taken modulo 2^32.
 * @param out (4) written and returned; pass one to avoid an allocation per call.
 */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/**
 * Uniform in (0,1), both ends excluded, symmetric about 1/2; exact in f32. 23 bits and not 24: with 24 the "+ 0.5" needs a 25th
 * bit of significand, so f32 would round half of the values and reach 1.
 */
export function uniformOpen(x: number): number {
  return ((x >>> 9) + 0.5) * 2 ** -23;
}

/** Box–Muller: writes two standard normals from the words x and y to out[at], out[at + 1]. */
function normalPair(x: number, y: number, out: Float32Array | Float64Array, at: number): void {
  const radius = Math.sqrt(-2 * Math.log(uniformOpen(x)));
  const angle = TWO_PI * (uniformOpen(y) - 0.5);
  out[at] = radius * Math.cos(angle);
  out[at + 1] = radius * Math.sin(angle);
}

/** Four standard normals from four words, as `normals` in the shader: pairs (u0, u1) and (u2, u3). out: (4), written from `at`. */
export function normals(u: ArrayLike<number>, out: Float32Array | Float64Array = new Float64Array(4), at = 0) {
  normalPair(u[0], u[1], out, at);
  normalPair(u[2], u[3], out, at + 2);
  return out;
}

/**
 * The numbers of one (seed, stream, step) one after another, for the host: data and initial weights. Words come in element order, so
 * a fresh stream's n-th uniform (or n-th normal) is what the shader gives element n. Uniforms take one word and normals a
 * pair; the second of a pair waits for the next `normal()`.
 */
export class PhiloxStream {
  readonly seed: number;
  readonly stream: number;
  readonly step: number;
  private block = 0;
  private readonly words = new Uint32Array(4);
  private used = 4;
  private readonly pair = new Float64Array(2);
  private spare = false;

  constructor(seed: number, stream: number, step = 0) {
    this.seed = seed;
    this.stream = stream;
    this.step = step;
  }

  /** Next u32. */
  word(): number {
    if (this.used === 4) {
      philox(this.block++, this.step, this.stream, 0, this.seed, 0, this.words);
      this.used = 0;
    }
    return this.words[this.used++];
  }

  /** Next uniform in (low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformOpen(this.word());
  }

  /** Next integer of 0..count−1, for count far below 2^23. */
  integer(count: number): number {
    return Math.floor(count * uniformOpen(this.word()));
  }

  /** Next standard normal. */
  normal(): number {
    if (this.spare) {
      this.spare = false;
      return this.pair[1];
    }
    const first = this.word();
    normalPair(first, this.word(), this.pair, 0);
    this.spare = true;
    return this.pair[0];
  }

  /** Fills `out` with standard normals. */
  fillNormal(out: Float32Array | Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
  }
}
