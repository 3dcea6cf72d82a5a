// Multi-head attention on the packed output of the qkv layer, read in place; online softmax, no score matrix in memory.
// qkv (R,samples,T,3,H,D)  out (R,samples,T,H,D)  lse (R,samples,H,T) = log Σ_j exp(q·k_j/√D), for the backward
// Dao, FlashAttention-2 (arXiv 2307.08691). One thread per QUERIES query rows; KEYS keys a turn, so one
// rescale serves them all. More of either runs faster and compiles slower (seconds on a CPU adapter), hence the small numbers.
const HEAD = 3u;      // specialised: D / 4
const QUERIES = 2u;   // specialised: query rows per thread
const KEYS = 2u;      // specialised: keys per turn
struct Shape {
  samples: u32,
  tokens: u32,        // T
  heads: u32,         // H
  qkv_stride: u32,    // between replicas, in vec4
  out_stride: u32,
  lse_stride: u32,    // in f32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(64)
fn attention(@builtin(global_invocation_id) id: vec3u) {
  let T = shape.tokens;
  let width = shape.heads * HEAD;
  let blocks = (T + QUERIES - 1u) / QUERIES;
  let head = (id.x / blocks) % shape.heads;
  let sample = id.x / (blocks * shape.heads);
  let first = (id.x % blocks) * QUERIES;
  if (sample >= shape.samples) { return; }
  let base = id.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let scale = inverseSqrt(f32(4u * HEAD));
  var q: array<vec4f, QUERIES * HEAD>;
  var o: array<vec4f, QUERIES * HEAD>;
  var highest: array<f32, QUERIES>;
  var total: array<f32, QUERIES>;
  /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
    highest[u] = -1e30;
    /*unroll*/ for (var d = 0u; d < HEAD; d++) { q[u * HEAD + d] = scale * qkv[base + min(first + u, T - 1u) * 3u * width + d]; }
  }
  for (var j = 0u; j < T; j += KEYS) {
    var key: array<u32, KEYS>;
    /*unroll*/ for (var e = 0u; e < KEYS; e++) { key[e] = base + width + min(j + e, T - 1u) * 3u * width; }
    // Said aloud, because Dawn zeroes a bare array `var` once per call and not once per turn of the loop.
    var s = array<f32, QUERIES * KEYS>();
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      /*unroll*/ for (var e = 0u; e < KEYS; e++) {
        let k = qkv[key[e] + d];
        /*unroll*/ for (var u = 0u; u < QUERIES; u++) { s[u * KEYS + e] += dot(q[u * HEAD + d], k); }
      }
    }
    var shrink: array<f32, QUERIES>;
    /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
      var top = highest[u];
      /*unroll*/ for (var e = 0u; e < KEYS; e++) {
        if (j + e >= T) { s[u * KEYS + e] = -1e30; }
        top = max(top, s[u * KEYS + e]);
      }
      shrink[u] = exp(highest[u] - top);
      highest[u] = top;
      total[u] *= shrink[u];
      /*unroll*/ for (var e = 0u; e < KEYS; e++) {
        s[u * KEYS + e] = exp(s[u * KEYS + e] - top);
        total[u] += s[u * KEYS + e];
      }
    }
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      /*unroll*/ for (var u = 0u; u < QUERIES; u++) { o[u * HEAD + d] *= shrink[u]; }
      /*unroll*/ for (var e = 0u; e < KEYS; e++) {
        let v = qkv[key[e] + width + d];
        /*unroll*/ for (var u = 0u; u < QUERIES; u++) { o[u * HEAD + d] += s[u * KEYS + e] * v; }
      }
    }
  }
  /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
    if (first + u < T) {
      lse[id.z * shape.lse_stride + (sample * shape.heads + head) * T + first + u] = highest[u] + log(total[u]);
      let to = id.z * shape.out_stride + (sample * T + first + u) * width + head * HEAD;
      /*unroll*/ for (var d = 0u; d < HEAD; d++) { out[to + d] = o[u * HEAD + d] / total[u]; }
    }
  }
}
