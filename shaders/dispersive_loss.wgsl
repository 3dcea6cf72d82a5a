// Dispersive loss (Wang & He 2025, arXiv 2506.09027): L = log (1/B² Σ_ij exp(−d_ij/τ)), i = j included, d_ij from contrastive_distance. In [−log B, 0].
// Turns row i of `distances` into its shares w_ij = exp(−d_ij/τ) / Σ_j and column B into log Σ_j exp(−d_ij/τ).  rows (R,B): (0, 0, mean d_ij over j ≠ i, 0)
// One thread per row, of replicas with term 1.
// #include lib/knobs.wgsl
// #include lib/state.wgsl
struct Shape {
  batch: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read_write> distances: array<f32>;
@group(0) @binding(4) var<storage, read_write> rows: array<vec4f>;

@compute @workgroup_size(64)
fn dispersive_loss(@builtin(global_invocation_id) id: vec3u) {
  let knob = knobs[id.z];
  let own = knob.batch;  // samples that the replica learns from, the first of them; B in the formula
  if (id.x >= own || knob.term != 1u || !(state[id.z].lambda > 0.0)) { return; }
  let start = (id.z * shape.batch + id.x) * (shape.batch + 1u);
  var apart = 0.0;
  var sum = 0.0;  // d_ii = 0 is the least distance, so no exponent is above 0
  for (var j = 0u; j < own; j++) {
    let d = distances[start + j];
    apart += d;
    let share = exp(-d / knob.tau);
    distances[start + j] = share;
    sum += share;
  }
  for (var j = 0u; j < own; j++) { distances[start + j] /= sum; }
  distances[start + shape.batch] = log(sum);
  rows[id.z * shape.batch + id.x] = vec4f(0.0, 0.0, apart / f32(max(1u, own - 1u)), 0.0);
}
