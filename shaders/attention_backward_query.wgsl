// dQ of attention, and delta_i = Σ_d dO_id O_id for the key kernel. One thread per query row, four keys at a time; single writer.
//   P_ij = exp(s_ij − lse_i)   dS_ij = P_ij (dO_i·V_j − delta_i)   dQ_i = Σ_j dS_ij K_j / √D
// qkv, dqkv (R,samples,T,3,H,D)  out, dout (R,samples,T,H,D)  lse, delta (R,samples,H,T)
const HEAD = 3u;  // specialised: D / 4
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
  for (var j = 0u; j < T; j += 4u) {
    let k0 = base + width + j * 3u * width;
    let k1 = base + width + min(j + 1u, T - 1u) * 3u * width;
    let k2 = base + width + min(j + 2u, T - 1u) * 3u * width;
    let k3 = base + width + min(j + 3u, T - 1u) * 3u * width;
    let inside = vec4u(j, j + 1u, j + 2u, j + 3u) < vec4u(T);
    var s = vec4f();
    var dp = vec4f();
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      s += vec4f(dot(q[d], qkv[k0 + d]), dot(q[d], qkv[k1 + d]), dot(q[d], qkv[k2 + d]), dot(q[d], qkv[k3 + d]));
      dp += vec4f(dot(g[d], qkv[k0 + width + d]), dot(g[d], qkv[k1 + width + d]), dot(g[d], qkv[k2 + width + d]), dot(g[d], qkv[k3 + width + d]));
    }
    let ds = select(vec4f(0.0), exp(s - row_lse) * (dp - sum), inside);
    /*unroll*/ for (var d = 0u; d < HEAD; d++) {
      dq[d] += ds.x * qkv[k0 + d] + ds.y * qkv[k1 + d] + ds.z * qkv[k2 + d] + ds.w * qkv[k3 + d];
    }
  }
  let to = id.z * shape.dqkv_stride + (sample * T + row) * 3u * width + head * HEAD;
  /*unroll*/ for (var d = 0u; d < HEAD; d++) { dqkv[to + d] = scale * dq[d]; }
}
