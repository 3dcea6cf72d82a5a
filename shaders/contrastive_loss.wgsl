// l_i of Local Contrastive Flow (Zeng & Yan, arXiv 2509.20952), one thread per low-noise row i, p_i and d_ij from contrastive_distance:
//   variant 0, Algorithm 1:  p_i/τ + log Σ_j exp(−d_ij/τ), j = i included, so never negative
//   variant 1, equation 14:  the same over j ≠ i, unbounded below
//   variant 2, InfoNCE:      p_i itself stands in the sum over j ≠ i
// Turns row i of `distances` into the shares of that sum (column B: the positive's share).  rows (R,B) of (l, p, mean d_ij over j ≠ i, 0)
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
fn contrastive_loss(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= state[id.z].whole_anchors) { return; }
  let knob = knobs[id.z];
  let B = shape.batch;
  let own = knob.batch;  // samples that the replica learns from, the first of them
  let start = (id.z * B + i) * (B + 1u);
  let positive = distances[start + B];
  var top = select(-1e30, -positive / knob.tau, knob.variant == 2u);
  var negatives = 0.0;
  for (var j = 0u; j < own; j++) {
    let d = distances[start + j];
    if (j != i) { negatives += d; }
    if (j != i || knob.variant == 0u) { top = max(top, -d / knob.tau); }
  }
  var sum = select(0.0, exp(-positive / knob.tau - top), knob.variant == 2u);
  distances[start + B] = sum;
  for (var j = 0u; j < own; j++) {
    let share = select(0.0, exp(-distances[start + j] / knob.tau - top), j != i || knob.variant == 0u);
    distances[start + j] = share;
    sum += share;
  }
  for (var j = 0u; j < own; j++) { distances[start + j] /= sum; }
  distances[start + B] /= sum;
  rows[id.z * B + i] = vec4f(positive / knob.tau + top + log(sum), positive, negatives / f32(max(1u, own - 1u)), 0.0);
}
