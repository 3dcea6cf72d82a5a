// Gradient of λ · mean_i l_i towards the features. With w_ij the shares and w_i that of the positive:
//   dz_i = s [(1 − w_i)(z_i − a_i) − Σ_j w_ij (z_i − z_j)],  s = 2 λ / (τ |A|), over F too when distances are divided
// DETACH 1: only that (a_i and z_j count as constants).  DETACH 0: also da_i = −s (1 − w_i)(z_i − a_i) and dz_j += s Σ_i w_ij (z_i − z_j).
// z, dz (R,2B,F)  shares (R,B,B+1).  One thread per (row of z, 4 columns): one writer, fixed order.
// #include lib/knobs.wgsl
// #include lib/state.wgsl
const DETACH = 1u;  // specialised
struct Shape {
  batch: u32,
  columns: u32,    // F / 4
  z_stride: u32,   // between replicas, in vec4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> z: array<vec4f>;
@group(0) @binding(4) var<storage, read> shares: array<f32>;
@group(0) @binding(5) var<storage, read_write> dz: array<vec4f>;

@compute @workgroup_size(64)
fn contrastive_gradient(@builtin(global_invocation_id) id: vec3u) {
  let B = shape.batch;
  let place = id.x / shape.columns;
  let c = id.x % shape.columns;
  if (place >= 2u * B) { return; }
  let base = id.z * shape.z_stride;
  let anchors = state[id.z].whole_anchors;
  let is_anchor = place >= B;
  let i = select(place, place - B, is_anchor);
  let own = z[base + place * shape.columns + c];
  var value = vec4f();
  if (i < anchors) {
    let row = (id.z * B + i) * (B + 1u);
    let partner = z[base + select(B + i, i, is_anchor) * shape.columns + c];
    if (!is_anchor || DETACH == 0u) { value = (1.0 - shares[row + B]) * (own - partner); }
    if (!is_anchor) {
      for (var j = 0u; j < knobs[id.z].batch; j++) { value -= shares[row + j] * (own - z[base + j * shape.columns + c]); }
    }
  }
  if (DETACH == 0u && place < knobs[id.z].batch) {
    for (var k = 0u; k < anchors; k++) { value += shares[(id.z * B + k) * (B + 1u) + place] * (z[base + k * shape.columns + c] - own); }
  }
  let divided = select(1.0, 1.0 / f32(4u * shape.columns), knobs[id.z].divided == 1u);
  dz[base + id.x] = (2.0 * state[id.z].lambda * divided / (knobs[id.z].tau * f32(max(1u, anchors)))) * value;
}
