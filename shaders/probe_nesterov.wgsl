// One step of Nesterov's method with restart (O'Donoghue & Candès, arXiv 1204.3982) for each probe that has not arrived, at step size
// 1/(curvature + λ), which is safe where curvature bounds the second derivative of the loss. The gradient belongs to `weights`:
//   w' = weights − gradient/(curvature + λ)   restart when ⟨gradient, w' − w⟩ > 0   weights = w' + β (w' − w)
// A probe whose greatest |gradient| is within the tolerance stays where it is.  gradient, weights, before = w (P,length)
// progress (P): x momentum θ, 0 before the first step; y greatest |gradient|; z steps taken; w 1 once arrived.  One workgroup per probe, fixed tree.
const LANES = 64u;
struct Shape {
  length: u32,     // K (C + 4) / 4
  curvature: f32,
  tolerance: f32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read> penalty: array<f32>;
@group(0) @binding(3) var<storage, read_write> weights: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> before: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> progress: array<vec4f>;

var<workgroup> greatest: array<f32, LANES>;
var<workgroup> uphill: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn probe_nesterov(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let p = group.x;
  let start = p * shape.length;
  let rate = 1.0 / (shape.curvature + penalty[p]);
  var most = 0.0;
  var along = 0.0;
  for (var i = start + lane.x; i < start + shape.length; i += LANES) {
    let g = gradient[i];
    let size = abs(g);
    most = max(most, max(max(size.x, size.y), max(size.z, size.w)));
    along += dot(g, weights[i] - rate * g - before[i]);
  }
  greatest[lane.x] = most;
  uphill[lane.x] = along;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) {
      greatest[lane.x] = max(greatest[lane.x], greatest[lane.x + half]);
      uphill[lane.x] += uphill[lane.x + half];
    }
  }
  workgroupBarrier();
  let known = progress[p];
  let arrived = greatest[0] <= shape.tolerance;
  let theta = select(known.x, 1.0, known.x == 0.0 || uphill[0] > 0.0);
  let next = 0.5 * (1.0 + sqrt(1.0 + 4.0 * theta * theta));
  if (!arrived) {
    for (var i = start + lane.x; i < start + shape.length; i += LANES) {
      let w = weights[i] - rate * gradient[i];
      weights[i] = w + ((theta - 1.0) / next) * (w - before[i]);
      before[i] = w;
    }
  }
  storageBarrier();
  workgroupBarrier();
  if (lane.x == 0u) { progress[p] = vec4f(select(next, known.x, arrived), greatest[0], known.z + select(1.0, 0.0, arrived), select(0.0, 1.0, arrived)); }
}
