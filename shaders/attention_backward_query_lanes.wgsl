// attention_backward_query where the threads of a subgroup share what they load, as in attention_lanes: threads are queries of one head, each
// loads one of the next LANES keys and values. The bits are those of attention_backward_query.
// qkv, dqkv (R,samples,T,3,H,D)  out, dout (R,samples,T,H,D)  lse, delta (R,samples,H,T)
enable subgroups;
const HEAD = 3u;   // specialised: D / 4
const LANES = 8u;  // specialised: threads of a workgroup; no subgroup is smaller
struct Shape {
  samples: u32,
  tokens: u32,
  heads: u32,
  qkv_stride: u32,   // between replicas, in vec4
  out_stride: u32,
  lse_stride: u32,   // in f32
  dqkv_stride: u32,
  dout_stride: u32,
  head: u32,         // HEAD again: a loop of this length stays a loop, and compiles in a fraction of the time
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> out: array<vec4f>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;

@compute @workgroup_size(LANES)
fn attention_backward_query_lanes(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let T = shape.tokens;
  let width = shape.heads * HEAD;
  let blocks = (T + LANES - 1u) / LANES;
  let head = (group.x / blocks) % shape.heads;
  let sample = group.x / (blocks * shape.heads);
  let query = (group.x % blocks) * LANES + lane;
  if (sample >= shape.samples) { return; }
  let row = min(query, T - 1u);
  let base = group.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let out_at = group.z * shape.out_stride + (sample * T + row) * width + head * HEAD;
  let dout_at = group.z * shape.dout_stride + (sample * T + row) * width + head * HEAD;
  let scale = inverseSqrt(f32(4u * HEAD));
  var q: array<vec4f, HEAD>;
  var g: array<vec4f, HEAD>;
  var dq: array<vec4f, HEAD>;
  var sum = 0.0;
  for (var d = 0u; d < shape.head; d++) {
    q[d] = scale * qkv[base + row * 3u * width + d];
    g[d] = dout[dout_at + d];
    sum += dot(g[d], out[out_at + d]);
  }
  let lse_at = group.z * shape.lse_stride + (sample * shape.heads + head) * T + row;
  let row_lse = lse[lse_at];
  for (var j = 0u; j < T; j += LANES) {
    let at = base + width + min(j + lane, T - 1u) * 3u * width;
    var k: array<vec4f, HEAD>;
    var v: array<vec4f, HEAD>;
    for (var d = 0u; d < shape.head; d++) {
      k[d] = qkv[at + d];
      v[d] = qkv[at + width + d];
    }
    let to = min(j + LANES, T);
    for (var key = j; key < to; key++) {
      let e = key - j;
      var s = 0.0;
      var dp = 0.0;
      /*unroll*/ for (var d = 0u; d < HEAD; d++) {
        s += dot(q[d], subgroupShuffle(k[d], e));
        dp += dot(g[d], subgroupShuffle(v[d], e));
      }
      let ds = exp(s - row_lse) * (dp - sum);
      /*unroll*/ for (var d = 0u; d < HEAD; d++) { dq[d] += ds * subgroupShuffle(k[d], e); }
    }
  }
  if (query >= T) { return; }
  delta[lse_at] = sum;
  let to = group.z * shape.dqkv_stride + (sample * T + query) * 3u * width + head * HEAD;
  for (var d = 0u; d < shape.head; d++) { dqkv[to + d] = scale * dq[d]; }
}
