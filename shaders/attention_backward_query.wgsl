// dQ of attention, and delta_i = Σ_d dO_id O_id for the key kernel. One thread per query row, KEYS keys a turn; single writer.
//   P_ij = exp(s_ij − lse_i)   dS_ij = P_ij (dO_i·V_j − delta_i)   dQ_i = Σ_j dS_ij K_j / √D
// qkv, dqkv (R,samples,T,3,H,D)  out, dout (R,samples,T,H,D)  lse, delta (R,samples,H,T)
const HEAD = 3u;  // specialised: D / 4
const KEYS = 1u;  // specialised: keys per turn
struct Shape {
  samples: u32,
  tokens: u32,
  heads: u32,
  qkv_stride: u32,   // between replicas, in vec4
  out_stride: u32,
  lse_stride: u32,   // in f32
  dqkv_stride: u32,
  dout_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> out: array<vec4f>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;

@compute @workgroup_size(64)
fn attention_backward_query(@builtin(global_invocation_id) id: vec3u) {
  let T = shape.tokens;
  let width = shape.heads * HEAD;
  let row = id.x % T;
  let head = (id.x / T) % shape.heads;
  let sample = id.x / (T * shape.heads);
  if (sample >= shape.samples) { return; }
  let base = id.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let out_at = id.z * shape.out_stride + (sample * T + row) * width + head * HEAD;
  let dout_at = id.z * shape.dout_stride + (sample * T + row) * width + head * HEAD;
  let scale = inverseSqrt(f32(4u * HEAD));
  var q: array<vec4f, HEAD>;
  var g: array<vec4f, HEAD>;
  var dq: array<vec4f, HEAD>;
  var sum = 0.0;
  /*unroll*/ for (var d = 0u; d < HEAD; d++) {
    q[d] = scale * qkv[base + row * 3u * width + d];
    g[d] = dout[dout_at + d];
    sum += dot(g[d], out[out_at + d]);
  }
  let lse_at = id.z * shape.lse_stride + (sample * shape.heads + head) * T + row;
  let row_lse = lse[lse_at];
  delta[lse_at] = sum;
  for (var j = 0u; j < T; j += KEYS) {
    /*unroll*/ for (var e = 0u; e < KEYS; e++) {
      if (j + e < T) {
        let key = base + width + (j + e) * 3u * width;
        var s = 0.0;
        var dp = 0.0;
        /*unroll*/ for (var d = 0u; d < HEAD; d++) {
          s += dot(q[d], qkv[key + d]);
          dp += dot(g[d], qkv[key + width + d]);
        }
        let ds = exp(s - row_lse) * (dp - sum);
        /*unroll*/ for (var d = 0u; d < HEAD; d++) { dq[d] += ds * qkv[key + d]; }
      }
    }
  }
  let to = id.z * shape.dqkv_stride + (sample * T + row) * 3u * width + head * HEAD;
  /*unroll*/ for (var d = 0u; d < HEAD; d++) { dqkv[to + d] = scale * dq[d]; }
}
