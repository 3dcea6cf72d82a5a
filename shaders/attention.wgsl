// Multi-head attention on the packed output of the qkv layer, read in place; online softmax, no score matrix in memory.
// qkv (R,samples,T,3,H,D)  out (R,samples,T,H,D)  lse (R,samples,H,T) = log Σ_j exp(q·k_j/√D), for the backward
// Dao, FlashAttention-2 (arXiv 2307.08691). One thread per QUERIES query rows; four keys at a time, so one rescale serves four.
const HEAD = 3u;      // specialised: D / 4
const QUERIES = 2u;   // specialised: query rows per thread
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
  for (var j = 0u; j < T; j += 4u) {
    let k0 = base + width + j * 3u * width;
    let k1 = base + width + min(j + 1u, T - 1u) * 3u * width;
    let k2 = base + width + min(j + 2u, T - 1u) * 3u * width;
    let k3 = base + width + min(j + 3u, T - 1u) * 3u * width;
    let outside = vec4u(j, j + 1u, j + 2u, j + 3u) >= vec4u(T);
    var s = array<vec4f, QUERIES>();  // said aloud: Dawn zeroes a bare `var` of an array once per call, not once per turn of the loop
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      let a = qkv[k0 + d];
      let b = qkv[k1 + d];
      let c = qkv[k2 + d];
      let e = qkv[k3 + d];
      /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
        s[u] += vec4f(dot(q[u * HEAD + d], a), dot(q[u * HEAD + d], b), dot(q[u * HEAD + d], c), dot(q[u * HEAD + d], e));
      }
    }
    var p: array<vec4f, QUERIES>;
    var shrink: array<f32, QUERIES>;
    /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
      let score = select(s[u], vec4f(-1e30), outside);
      let top = max(max(max(score.x, score.y), max(score.z, score.w)), highest[u]);
      shrink[u] = exp(highest[u] - top);
      highest[u] = top;
      p[u] = select(exp(score - top), vec4f(0.0), outside);
      total[u] = total[u] * shrink[u] + dot(p[u], vec4f(1.0));
    }
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      let a = qkv[k0 + width + d];
      let b = qkv[k1 + width + d];
      let c = qkv[k2 + width + d];
      let e = qkv[k3 + width + d];
      /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
        o[u * HEAD + d] = o[u * HEAD + d] * shrink[u] + p[u].x * a + p[u].y * b + p[u].z * c + p[u].w * e;
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
