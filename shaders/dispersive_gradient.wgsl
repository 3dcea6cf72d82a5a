// Gradient of λ L of the dispersive loss towards the features: dz_i = −(4 λ/τ) q_i Σ_j w_ij (z_i − z_j), over F too when distances are divided, with the
// shares w_ij of row i and q_i = exp(s_i) / Σ_k exp(s_k) of the sums s that dispersive_loss left in column B. Rows' first number becomes L.
// z, dz (R,rows,F)  shares (R,B,B+1)  rows (R,B).  One thread per (row of z, 4 columns), of replicas with term 1.
// #include lib/knobs.wgsl
// #include lib/state.wgsl
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
@group(0) @binding(6) var<storage, read_write> rows: array<vec4f>;

@compute @workgroup_size(64)
fn dispersive_gradient(@builtin(global_invocation_id) id: vec3u) {
  let B = shape.batch;
  let knob = knobs[id.z];
  let learned = knob.batch;  // samples that the replica learns from, the first of them; B in the formula
  let i = id.x / shape.columns;
  let c = id.x % shape.columns;
  if (i >= B || knob.term != 1u) { return; }
  let base = id.z * shape.z_stride;
  var value = vec4f();
  if (i < learned && state[id.z].lambda > 0.0) {
    var all = 0.0;  // each sum is at least 1, for d_ii = 0, and at most B
    for (var k = 0u; k < learned; k++) { all += exp(shares[(id.z * B + k) * (B + 1u) + B]); }
    let row = (id.z * B + i) * (B + 1u);
    let own = z[base + i * shape.columns + c];
    for (var j = 0u; j < learned; j++) { value -= shares[row + j] * (own - z[base + j * shape.columns + c]); }
    let divided = select(1.0, 1.0 / f32(4u * shape.columns), knob.divided == 1u);
    value *= 4.0 * state[id.z].lambda * divided / knob.tau * exp(shares[row + B]) / all;
    if (c == 0u) { rows[id.z * B + i].x = log(all) - 2.0 * log(f32(learned)); }
  }
  dz[base + i * shape.columns + c] = value;
}
