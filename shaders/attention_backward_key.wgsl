// dK and dV of attention. One thread per key row, four queries at a time; single writer. Needs delta of attention_backward_query.
//   dV_j = Σ_i P_ij dO_i   dK_j = Σ_i P_ij (dO_i·V_j − delta_i) Q_i / √D
// qkv, dqkv (R,samples,T,3,H,D)  dout (R,samples,T,H,D)  lse, delta (R,samples,H,T)
const HEAD = 3u;  // specialised: D / 4
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
  for (var i = 0u; i < T; i += 4u) {
    let i1 = min(i + 1u, T - 1u);
    let i2 = min(i + 2u, T - 1u);
    let i3 = min(i + 3u, T - 1u);
    let q0 = base + i * 3u * width;
    let q1 = base + i1 * 3u * width;
    let q2 = base + i2 * 3u * width;
    let q3 = base + i3 * 3u * width;
    let g0 = dout_base + i * width;
    let g1 = dout_base + i1 * width;
    let g2 = dout_base + i2 * width;
    let g3 = dout_base + i3 * width;
    let inside = vec4u(i, i + 1u, i + 2u, i + 3u) < vec4u(T);
    var s = vec4f();
    var dp = vec4f();
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      s += vec4f(dot(k[d], qkv[q0 + d]), dot(k[d], qkv[q1 + d]), dot(k[d], qkv[q2 + d]), dot(k[d], qkv[q3 + d]));
      dp += vec4f(dot(v[d], dout[g0 + d]), dot(v[d], dout[g1 + d]), dot(v[d], dout[g2 + d]), dot(v[d], dout[g3 + d]));
    }
    let log_sum = vec4f(lse[lse_base + i], lse[lse_base + i1], lse[lse_base + i2], lse[lse_base + i3]);
    let row_delta = vec4f(delta[lse_base + i], delta[lse_base + i1], delta[lse_base + i2], delta[lse_base + i3]);
    let p = select(vec4f(0.0), exp(s - log_sum), inside);
    let ds = p * (dp - row_delta);
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      dv[d] += p.x * dout[g0 + d] + p.y * dout[g1 + d] + p.z * dout[g2 + d] + p.w * dout[g3 + d];
      dk[d] += ds.x * qkv[q0 + d] + ds.y * qkv[q1 + d] + ds.z * qkv[q2 + d] + ds.w * qkv[q3 + d];
    }
  }
  let to = id.z * shape.dqkv_stride + (sample * T + row) * 3u * width + width + head * HEAD;
  /*unroll*/ for (var d = 0u; d < HEAD; d++) {
    dqkv[to + d] = scale * dk[d];
    dqkv[to + width + d] = dv[d];
  }
}
