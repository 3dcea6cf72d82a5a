// attention_backward_key where the threads of a subgroup share what they load, as in attention_lanes: threads are keys of one head, each
// loads one of the next LANES queries and their gradients. The bits are those of attention_backward_key.
// qkv, dqkv (R,samples,T,3,H,D)  dout (R,samples,T,H,D)  lse, delta (R,samples,H,T)
enable subgroups;
const HEAD = 3u;   // specialised: D / 4
const LANES = 8u;  // specialised: threads of a workgroup; no subgroup is smaller
const KEYS = 1u;   // specialised: keys of a thread, LANES apart
struct Shape {
  samples: u32,
  tokens: u32,
  heads: u32,
  qkv_stride: u32,   // between replicas, in vec4
  lse_stride: u32,   // in f32
  dqkv_stride: u32,
  dout_stride: u32,
  head: u32,         // HEAD again: a loop of this length stays a loop, and compiles in a fraction of the time
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>;

@compute @workgroup_size(LANES)
fn attention_backward_key_lanes(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let T = shape.tokens;
  let width = shape.heads * HEAD;
  let blocks = (T + LANES * KEYS - 1u) / (LANES * KEYS);
  let head = (group.x / blocks) % shape.heads;
  let sample = group.x / (blocks * shape.heads);
  let key = (group.x % blocks) * LANES * KEYS + lane;
  if (sample >= shape.samples) { return; }
  let base = group.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let dout_base = group.z * shape.dout_stride + sample * T * width + head * HEAD;
  let lse_base = group.z * shape.lse_stride + (sample * shape.heads + head) * T;
  let scale = inverseSqrt(f32(4u * HEAD));
  var k: array<vec4f, KEYS * HEAD>;
  var v: array<vec4f, KEYS * HEAD>;
  var dk: array<vec4f, KEYS * HEAD>;
  var dv: array<vec4f, KEYS * HEAD>;
  /*unroll*/ for (var u = 0u; u < KEYS; u++) {
    let at = base + width + min(key + u * LANES, T - 1u) * 3u * width;
    for (var d = 0u; d < shape.head; d++) {
      k[u * HEAD + d] = scale * qkv[at + d];
      v[u * HEAD + d] = qkv[at + width + d];
    }
  }
  for (var i = 0u; i < T; i += LANES) {
    let mine = min(i + lane, T - 1u);
    let my_lse = lse[lse_base + mine];
    let my_delta = delta[lse_base + mine];
    var q: array<vec4f, HEAD>;
    var g: array<vec4f, HEAD>;
    for (var d = 0u; d < shape.head; d++) {
      q[d] = qkv[base + mine * 3u * width + d];
      g[d] = dout[dout_base + mine * width + d];
    }
    let to = min(i + LANES, T);
    for (var query = i; query < to; query++) {
      let e = query - i;
      let row_lse = subgroupShuffle(my_lse, e);
      let row_delta = subgroupShuffle(my_delta, e);
      var s = array<f32, KEYS>();
      var dp = array<f32, KEYS>();
      var qs: array<vec4f, HEAD>;
      var gs: array<vec4f, HEAD>;
      /*unroll*/ for (var d = 0u; d < HEAD; d++) {
        qs[d] = subgroupShuffle(q[d], e);
        gs[d] = subgroupShuffle(g[d], e);
        /*unroll*/ for (var u = 0u; u < KEYS; u++) {
          s[u] += dot(k[u * HEAD + d], qs[d]);
          dp[u] += dot(v[u * HEAD + d], gs[d]);
        }
      }
      /*unroll*/ for (var u = 0u; u < KEYS; u++) {
        let p = exp(s[u] - row_lse);
        let ds = p * (dp[u] - row_delta);
        /*unroll*/ for (var d = 0u; d < HEAD; d++) {
          dv[u * HEAD + d] += p * gs[d];
          dk[u * HEAD + d] += ds * qs[d];
        }
      }
    }
  }
  /*unroll*/ for (var u = 0u; u < KEYS; u++) {
    if (key + u * LANES < T) {
      let to = group.z * shape.dqkv_stride + (sample * T + key + u * LANES) * 3u * width + width + head * HEAD;
      for (var d = 0u; d < shape.head; d++) {
        dqkv[to + d] = scale * dk[u * HEAD + d];
        dqkv[to + width + d] = dv[u * HEAD + d];
      }
    }
  }
}
