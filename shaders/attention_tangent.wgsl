// Tangent of attention along qkv', from the saved lse. One thread per query row, one pass over the keys; single writer.
//   P_ij = exp(s_ij − lse_i)   s'_ij = (q'_i·k_j + q_i·k'_j)/√D   out'_i = Σ_j P_ij (s'_ij v_j + v'_j) − out_i Σ_j P_ij s'_ij
// qkv, qkv' (R,samples,T,3,H,D)  out, out' (R,samples,T,H,D)  lse (R,samples,H,T)
const HEAD = 3u;  // specialised: D / 4
struct Shape {
  samples: u32,
  tokens: u32,
  heads: u32,
  qkv_stride: u32,   // between replicas, in vec4
  out_stride: u32,
  lse_stride: u32,   // in f32
  qkv_tangent_stride: u32,
  out_tangent_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> qkv_tangent: array<vec4f>;
@group(0) @binding(3) var<storage, read> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> out_tangent: array<vec4f>;

@compute @workgroup_size(64)
fn attention_tangent(@builtin(global_invocation_id) id: vec3u) {
  let T = shape.tokens;
  let width = shape.heads * HEAD;
  let row = id.x % T;
  let head = (id.x / T) % shape.heads;
  let sample = id.x / (T * shape.heads);
  if (sample >= shape.samples) { return; }
  let within = sample * T * 3u * width + head * HEAD;
  let base = id.z * shape.qkv_stride + within;
  let tangent_base = id.z * shape.qkv_tangent_stride + within;
  let out_at = (sample * T + row) * width + head * HEAD;
  let scale = inverseSqrt(f32(4u * HEAD));
  let row_lse = lse[id.z * shape.lse_stride + (sample * shape.heads + head) * T + row];
  var q: array<vec4f, HEAD>;
  var q_tangent: array<vec4f, HEAD>;
  var sum: array<vec4f, HEAD>;
  var along = 0.0;
  /*unroll*/ for (var d = 0u; d < HEAD; d++) {
    q[d] = scale * qkv[base + row * 3u * width + d];
    q_tangent[d] = scale * qkv_tangent[tangent_base + row * 3u * width + d];
  }
  for (var j = 0u; j < T; j++) {
    let key = width + j * 3u * width;
    var s = 0.0;
    var s_tangent = 0.0;
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      let k = qkv[base + key + d];
      s += dot(q[d], k);
      s_tangent += dot(q_tangent[d], k) + dot(q[d], qkv_tangent[tangent_base + key + d]);
    }
    let p = exp(s - row_lse);
    along += p * s_tangent;
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      sum[d] += p * (s_tangent * qkv[base + key + width + d] + qkv_tangent[tangent_base + key + width + d]);
    }
  }
  /*unroll*/ for (var d = 0u; d < HEAD; d++) {
    out_tangent[id.z * shape.out_tangent_stride + out_at + d] = sum[d] - along * out[id.z * shape.out_stride + out_at + d];
  }
}
