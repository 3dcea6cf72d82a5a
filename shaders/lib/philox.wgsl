// Philox4x32-10: counter-based random numbers, four u32 for each (counter, key). No state and no bindings.
// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); the Random123
// known-answer vectors hold. The TypeScript twin is src/engine/philox.ts: the same words bit for bit.
//
// Convention: counter = (element / 4, step, stream, 0), key = (seed, 0); element e reads word e % 4. So a value depends on
// (seed, stream, step, element) alone, never on the dispatch shape, and a run resumes from (seed, step).

// #include lib/trigonometry.wgsl

const STREAM_NOISE = 0u;
const STREAM_TIME = 1u;
const STREAM_LABEL_DROP = 2u;
const STREAM_BATCH = 3u;
const STREAM_INIT = 4u;
const STREAM_FRESH_NOISE = 5u;
const STREAM_SAMPLE = 6u;
const STREAM_EVALUATION = 7u;
const STREAM_DATA_TRAIN = 8u;
const STREAM_DATA_TEST = 9u;
const STREAM_THEORY = 10u;  // Monte Carlo that needs no net; drawn by the CPU only, as those of data are
const STREAM_NEGATIVE = 11u;
const STREAM_CANDIDATE = 12u;

// High word of the 64-bit product a * b, from products of 16-bit halves (WGSL has no 64-bit integers).
fn philox_multiply_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);  // at most 0xffff * 0xffff + 0xfffe: fits
  let carry = a_low * b_high + (middle & 0xffffu);         // likewise
  return a_high * b_high + (middle >> 16u) + (carry >> 16u);
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high_0 = philox_multiply_high(0xd2511f53u, c.x);
    let high_1 = philox_multiply_high(0xcd9e8d57u, c.z);
    c = vec4u(high_1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high_0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// Uniform in (0,1), both ends excluded, symmetric about 1/2. 23 bits and not 24: with 24 the "+ 0.5" needs a 25th bit of
// significand, f32 rounds half of the values and the largest becomes exactly 1.
fn uniform_open(x: u32) -> f32 {
  return (f32(x >> 9u) + 0.5) * 1.1920928955078125e-7;  // 2^-23, exactly
}

// Four standard normals from four words, Box-Muller on (x, y) and on (z, w). |n| <= 5.77. The angles are turns less a half: WGSL's own
// sin and cos may be wrong by 2^-11 and, measured on SwiftShader, by 2e-4.
fn normals(u: vec4u) -> vec4f {
  // At most 0: near 1 WGSL lets log err by 2^-21, which is above 0.
  let radius = sqrt(-2.0 * min(vec2f(), log(vec2f(uniform_open(u.x), uniform_open(u.z)))));
  return vec4f(radius.x * cos_sin_turns(uniform_open(u.y) - 0.5), radius.y * cos_sin_turns(uniform_open(u.w) - 0.5));
}
