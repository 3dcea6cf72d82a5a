// Mean squared error of each sample, for evaluation: error_i = mean over d of (v − v*)².  v, goal (R,samples,d)  error (R,samples)
// One workgroup per sample, fixed tree.
const LANES = 64u;
struct Shape {
  samples: u32,
  dimensions: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> goal: array<f32>;
@group(0) @binding(3) var<storage, read_write> error: array<f32>;

var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn squared_error(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let at = (group.z * shape.samples + group.x) * shape.dimensions;
  var sum = 0.0;
  for (var i = lane.x; i < shape.dimensions; i += LANES) {
    let difference = v[at + i] - goal[at + i];
    sum += difference * difference;
  }
  partial[lane.x] = sum;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) { partial[lane.x] += partial[lane.x + half]; }
  }
  if (lane.x == 0u) { error[group.z * shape.samples + group.x] = partial[0] / f32(shape.dimensions); }
}
