// attention_backward_query where the threads of a subgroup share what they load, as in attention_lanes: threads are queries of one head, each
// loads one of the next LANES keys and values. The bits are those of attention_backward_query.
// qkv, dqkv (R,samples,T,3,H,D)  out, dout (R,samples,T,H,D)  lse, delta (R,samples,H,T)
enable subgroups;
const HEAD = 3u;   // specialised: D / 4
const LANES = 8u;  // specialised: threads of a workgroup; no subgroup is smaller
const QUERIES = 1u; // specialised: queries of a thread, LANES apart
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
  let blocks = (T + LANES * QUERIES - 1u) / (LANES * QUERIES);
  let head = (group.x / blocks) % shape.heads;
  let sample = group.x / (blocks * shape.heads);
  let query = (group.x % blocks) * LANES * QUERIES + lane;
  if (sample >= shape.samples) { return; }
  let base = group.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let lse_base = group.z * shape.lse_stride + (sample * shape.heads + head) * T;
  let scale = inverseSqrt(f32(4u * HEAD));
  var q: array<vec4f, QUERIES * HEAD>;
  var g: array<vec4f, QUERIES * HEAD>;
  var dq: array<vec4f, QUERIES * HEAD>;
  var sum: array<f32, QUERIES>;
  var row_lse: array<f32, QUERIES>;
  /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
    let row = min(query + u * LANES, T - 1u);
    let out_at = group.z * shape.out_stride + (sample * T + row) * width + head * HEAD;
    let dout_at = group.z * shape.dout_stride + (sample * T + row) * width + head * HEAD;
    for (var d = 0u; d < shape.head; d++) {
      q[u * HEAD + d] = scale * qkv[base + row * 3u * width + d];
      g[u * HEAD + d] = dout[dout_at + d];
      sum[u] += dot(g[u * HEAD + d], out[out_at + d]);
    }
    row_lse[u] = lse[lse_base + row];
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
    for (var key = j; key < to; key++) {
      let e = key - j;
      var s = array<f32, QUERIES>();
      var dp = array<f32, QUERIES>();
      var ks: array<vec4f, HEAD>;
      /*unroll*/ for (var d = 0u; d < HEAD; d++) {
        ks[d] = subgroupShuffle(k[d], e);
        let vs = subgroupShuffle(v[d], e);
        /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
          s[u] += dot(q[u * HEAD + d], ks[d]);
          dp[u] += dot(g[u * HEAD + d], vs);
        }
      }
      /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
        let ds = exp(s[u] - row_lse[u]) * (dp[u] - sum[u]);
        /*unroll*/ for (var d = 0u; d < HEAD; d++) { dq[u * HEAD + d] += ds * ks[d]; }
      }
    }
  }
  /*unroll*/ for (var u = 0u; u < QUERIES; u++) {
    if (query + u * LANES < T) {
      let row = query + u * LANES;
      delta[lse_base + row] = sum[u];
      let to = group.z * shape.dqkv_stride + (sample * T + row) * 3u * width + head * HEAD;
      for (var d = 0u; d < shape.head; d++) { dqkv[to + d] = scale * dq[u * HEAD + d]; }
    }
  }
}
