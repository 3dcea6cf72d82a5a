// attention for adapters where a load costs more than arithmetic: the threads of a subgroup are queries of one head, and each loads one of
// the next LANES keys and values, which all get by broadcast. Sums run as in attention with KEYS = 2, whose bits these are.
// qkv (R,samples,T,3,H,D)  out (R,samples,T,H,D)  lse (R,samples,H,T)
enable subgroups;
const HEAD = 3u;    // specialised: D / 4
const LANES = 8u;   // specialised: threads of a workgroup; no subgroup is smaller
const QUERIES = 1u; // specialised: queries of a thread, LANES apart
struct Shape {
  samples: u32,
  tokens: u32,        // T
  heads: u32,         // H
  qkv_stride: u32,    // between replicas, in vec4
  out_stride: u32,
  lse_stride: u32,    // in f32
  head: u32,          // HEAD again: a loop of this length stays a loop, and compiles in a fraction of the time
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(LANES)
fn attention_lanes(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let T = shape.tokens;
  let width = shape.heads * HEAD;
  let blocks = (T + LANES * QUERIES - 1u) / (LANES * QUERIES);
  let head = (group.x / blocks) % shape.heads;
  let sample = group.x / (blocks * shape.heads);
  let query = (group.x % blocks) * LANES * QUERIES + lane;
  if (sample >= shape.samples) { return; }
  let base = group.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let scale = inverseSqrt(f32(4u * HEAD));
  var q: array<vec4f, QUERIES * HEAD>;
  var o: array<vec4f, QUERIES * HEAD>;
  var highest: array<f32, QUERIES>;
  var total: array<f32, QUERIES>;
  /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
    highest[u] = -1e30;
    let at = base + min(query + u * LANES, T - 1u) * 3u * width;
    for (var d = 0u; d < shape.head; d++) { q[u * HEAD + d] = scale * qkv[at + d]; }
  }
  for (var j = 0u; j < T; j += LANES) {
    let at = base + width + min(j + lane, T - 1u) * 3u * width;
    var k: array<vec4f, HEAD>;
    var v: array<vec4f, HEAD>;
    for (var d = 0u; d < shape.head; d++) {
      k[d] = qkv[at + d];
      v[d] = qkv[at + width + d];
    }
    let to = min(j + LANES, T);
    for (var key = j; key < to; key += 2u) {
      let e = key - j;
      var s = array<vec2f, QUERIES>();
      /*unroll*/ for (var d = 0u; d < HEAD; d++) {
        let k0 = subgroupShuffle(k[d], e);
        let k1 = subgroupShuffle(k[d], e + 1u);
        /*unroll*/ for (var u = 0u; u < QUERIES; u++) { s[u] += vec2f(dot(q[u * HEAD + d], k0), dot(q[u * HEAD + d], k1)); }
      }
      /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
        if (key + 1u >= to) { s[u].y = -1e30; }
        let top = max(max(highest[u], s[u].x), s[u].y);
        let shrink = exp(highest[u] - top);
        highest[u] = top;
        s[u] = exp(s[u] - top);
        total[u] = total[u] * shrink + s[u].x;
        total[u] += s[u].y;
        /*unroll*/ for (var d = 0u; d < HEAD; d++) { o[u * HEAD + d] *= shrink; }
      }
      /*unroll*/ for (var d = 0u; d < HEAD; d++) {
        let v0 = subgroupShuffle(v[d], e);
        let v1 = subgroupShuffle(v[d], e + 1u);
        /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
          o[u * HEAD + d] += s[u].x * v0;
          o[u * HEAD + d] += s[u].y * v1;
        }
      }
    }
  }
  /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
    if (query + u * LANES < T) {
      let row = query + u * LANES;
      lse[group.z * shape.lse_stride + (sample * shape.heads + head) * T + row] = highest[u] + log(total[u]);
      let to = group.z * shape.out_stride + (sample * T + row) * width + head * HEAD;
      for (var d = 0u; d < shape.head; d++) { out[to + d] = o[u * HEAD + d] / total[u]; }
    }
  }
}
