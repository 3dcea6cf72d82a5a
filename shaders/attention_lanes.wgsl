// attention for adapters where a load costs more than arithmetic: the threads of a subgroup are queries of one head, and each loads one of
// the next LANES keys and values, which all get by broadcast. Sums run as in attention with KEYS = 2, whose bits these are.
// qkv (R,samples,T,3,H,D)  out (R,samples,T,H,D)  lse (R,samples,H,T)
enable subgroups;
const HEAD = 3u;    // specialised: D / 4
const LANES = 8u;   // specialised: threads of a workgroup; no subgroup is smaller
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
  let blocks = (T + LANES - 1u) / LANES;
  let head = (group.x / blocks) % shape.heads;
  let sample = group.x / (blocks * shape.heads);
  let query = (group.x % blocks) * LANES + lane;
  if (sample >= shape.samples) { return; }
  let base = group.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let scale = inverseSqrt(f32(4u * HEAD));
  var q: array<vec4f, HEAD>;
  var o: array<vec4f, HEAD>;
  for (var d = 0u; d < shape.head; d++) { q[d] = scale * qkv[base + min(query, T - 1u) * 3u * width + d]; }
  var highest = -1e30;
  var total = 0.0;
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
      var s = vec2f();
      /*unroll*/ for (var d = 0u; d < HEAD; d++) {
        s += vec2f(dot(q[d], subgroupShuffle(k[d], e)), dot(q[d], subgroupShuffle(k[d], e + 1u)));
      }
      if (key + 1u >= to) { s.y = -1e30; }
      let top = max(max(highest, s.x), s.y);
      let shrink = exp(highest - top);
      highest = top;
      s = exp(s - top);
      total = total * shrink + s.x;
      total += s.y;
      /*unroll*/ for (var d = 0u; d < HEAD; d++) {
        o[d] *= shrink;
        o[d] += s.x * subgroupShuffle(v[d], e);
        o[d] += s.y * subgroupShuffle(v[d], e + 1u);
      }
    }
  }
  if (query >= T) { return; }
  lse[group.z * shape.lse_stride + (sample * shape.heads + head) * T + query] = highest + log(total);
  let to = group.z * shape.out_stride + (sample * T + query) * width + head * HEAD;
  for (var d = 0u; d < shape.head; d++) { out[to + d] = o[d] / total; }
}
