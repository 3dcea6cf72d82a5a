// Flow-matching loss of each sample and its gradient: l_i = mean (or sum) over d of (v − v*)², L = mean of l_i over the samples the
// flow term covers: those with t ≥ t_min, or all when flow_below is set (LCF, Algorithm 1), of those that the replica learns from. The mean is over all P micro-batches where there are several.
// NEGATIVES 1: replicas whose term is 2 minimise l_i − λ mean (v_i − v*_j)², j = negative_i (contrastive flow matching, arXiv 2506.05350);
// rows of these: (−mean (v_i − v*_j)², 0, 0, 0), so that flow + λ · that is the loss.  negative (R,B)  rows (R,B)
// v (R,B,d)  goal (R,capacity,d)  dv (R,B,d)  loss (R,B), of every sample, covered or not.  One workgroup per sample, fixed tree.
// #include lib/knobs.wgsl
// #include lib/state.wgsl
const LANES = 64u;
const NEGATIVES = 0u;  // specialised
const NONE = 0xffffffffu;  // of a sample that is pushed from none
struct Shape {
  batch: u32,
  dimensions: u32,   // d
  capacity: u32,     // of goal
  parts: u32,        // P
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read> goal: array<f32>;
@group(0) @binding(5) var<storage, read_write> dv: array<f32>;
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;
@group(0) @binding(7) var<storage, read> negative: array<u32>;
@group(0) @binding(8) var<storage, read_write> rows: array<vec4f>;

var<workgroup> partial: array<f32, LANES>;
var<workgroup> partial_other: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn velocity_loss(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let r = group.z;
  let sample = group.x;
  let left_out = select(state[r].low, 0u, knobs[r].flow_below == 1u);
  let whole = knobs[r].batch - select(state[r].whole_low, 0u, knobs[r].flow_below == 1u);
  let scale = select(1.0 / f32(shape.dimensions), 1.0, knobs[r].sum_loss == 1u);
  let weight = select(0.0, 2.0 * scale / f32(max(1u, whole)), sample >= left_out && sample < knobs[r].batch / shape.parts);
  let at = (r * shape.batch + sample) * shape.dimensions;
  let goal_at = (r * shape.capacity + sample) * shape.dimensions;
  let pushes = NEGATIVES == 1u && knobs[r].term == 2u && state[r].lambda > 0.0;
  var repel = 0.0;
  var other_at = 0u;
  if (pushes) {
    let other = negative[r * shape.batch + sample];
    repel = select(state[r].lambda, 0.0, other == NONE);
    other_at = (r * shape.capacity + select(other, sample, other == NONE)) * shape.dimensions;
  }
  var sum = 0.0;
  var other = 0.0;
  for (var i = lane.x; i < shape.dimensions; i += LANES) {
    let error = v[at + i] - goal[goal_at + i];
    sum += error * error;
    var pull = error;
    if (repel > 0.0) {
      let apart = v[at + i] - goal[other_at + i];
      other += apart * apart;
      pull -= repel * apart;
    }
    dv[at + i] = weight * pull;
  }
  partial[lane.x] = sum;
  if (NEGATIVES == 1u) { partial_other[lane.x] = other; }
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) {
      partial[lane.x] += partial[lane.x + half];
      if (NEGATIVES == 1u) { partial_other[lane.x] += partial_other[lane.x + half]; }
    }
  }
  if (lane.x > 0u) { return; }
  loss[r * shape.batch + sample] = partial[0] * scale;
  if (pushes) { rows[r * shape.batch + sample] = vec4f(-partial_other[0] * scale, 0.0, 0.0, 0.0); }
}
