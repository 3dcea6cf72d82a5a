// dK and dV of attention. One thread per key row, QUERIES queries a turn; single writer. Needs delta of attention_backward_query.
//   dV_j = Σ_i P_ij dO_i   dK_j = Σ_i P_ij (dO_i·V_j − delta_i) Q_i / √D
// qkv, dqkv (R,samples,T,3,H,D)  dout (R,samples,T,H,D)  lse, delta (R,samples,H,T)
const HEAD = 3u;     // specialised: D / 4
const QUERIES = 1u;  // specialised: queries per turn
struct Shape {
  samples: u32,
  tokens: u32,
  heads: u32,
  qkv_stride: u32,   // between replicas, in vec4
  lse_stride: u32,   // in f32
  dqkv_stride: u32,
  dout_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>;

@compute @workgroup_size(64)
fn attention_backward_key(@builtin(global_invocation_id) id: vec3u) {
  let T = shape.tokens;
  let width = shape.heads * HEAD;
  let row = id.x % T;
  let head = (id.x / T) % shape.heads;
  let sample = id.x / (T * shape.heads);
  if (sample >= shape.samples) { return; }
  let base = id.z * shape.qkv_stride + sample * T * 3u * width + head * HEAD;
  let dout_base = id.z * shape.dout_stride + sample * T * width + head * HEAD;
  let lse_base = id.z * shape.lse_stride + (sample * shape.heads + head) * T;
  let scale = inverseSqrt(f32(4u * HEAD));
  var k: array<vec4f, HEAD>;
  var v: array<vec4f, HEAD>;
  var dk: array<vec4f, HEAD>;
  var dv: array<vec4f, HEAD>;
  /*unroll*/ for (var d = 0u; d < HEAD; d++) {
    k[d] = scale * qkv[base + width + row * 3u * width + d];
    v[d] = qkv[base + 2u * width + row * 3u * width + d];
  }
  for (var i = 0u; i < T; i += QUERIES) {
    /*unroll*/ for (var e = 0u; e < QUERIES; e++) {
      if (i + e < T) {
        let query = base + (i + e) * 3u * width;
        let gradient = dout_base + (i + e) * width;
        var s = 0.0;
        var dp = 0.0;
        /*unroll*/ for (var d = 0u; d < HEAD; d++) {
          s += dot(k[d], qkv[query + d]);
          dp += dot(v[d], dout[gradient + d]);
        }
        let p = exp(s - lse[lse_base + i + e]);
        let ds = p * (dp - delta[lse_base + i + e]);
        /*unroll*/ for (var d = 0u; d < HEAD; d++) {
          dv[d] += p * dout[gradient + d];
          dk[d] += ds * qkv[query + d];
        }
      }
    }
  }
  let to = id.z * shape.dqkv_stride + (sample * T + row) * 3u * width + width + head * HEAD;
  /*unroll*/ for (var d = 0u; d < HEAD; d++) {
    dqkv[to + d] = scale * dk[d];
    dqkv[to + width + d] = dv[d];
  }
}
