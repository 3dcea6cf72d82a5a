// The best denoiser of a finite set, which knows it by heart: E[x0|x_t] = Σ_k w_k x_k, w = softmax_k(−‖x_t − (1−t) x_k‖² / (2t²)), over all of its images
// (ExFM, arXiv 2402.03232; closed-form flow matching, arXiv 2506.03719). Linear path, t > 0.
// The set is gone through once, TILE images at a time; what was found before is scaled to the greatest exponent so far.
// points (N,d)  t (n)  x, mean (n,d).  One workgroup per x.
const LANES = 64u;
const TILE = 256u;
const NEGLIGIBLE = 1e-12;  // share of the weights
struct Shape {
  points: u32,       // N
  dimensions: u32,   // d
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> points: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;

var<workgroup> weights: array<f32, TILE>;
var<workgroup> parts: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn posterior_mean(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let lane = local.x;
  let d = shape.dimensions;
  let own = group.x * d;
  let level = t[group.x];
  var largest = -3.4e38;
  var sum = 0.0;
  for (var i = lane; i < d; i += LANES) { mean[own + i] = 0.0; }
  for (var first = 0u; first < shape.points; first += TILE) {
    let here = min(TILE, shape.points - first);
    var greatest = largest;
    for (var k = lane; k < here; k += LANES) {
      let at = (first + k) * d;
      var squared = 0.0;
      for (var i = 0u; i < d; i++) {
        let difference = x[own + i] - (1.0 - level) * points[at + i];
        squared += difference * difference;
      }
      let exponent = max(-3e38, -squared / (2.0 * level * level));
      weights[k] = exponent;
      greatest = max(greatest, exponent);
    }
    parts[lane] = greatest;
    workgroupBarrier();
    for (var i = 0u; i < LANES; i++) { greatest = max(greatest, parts[i]); }
    for (var k = lane; k < here; k += LANES) { weights[k] = exp(weights[k] - greatest); }
    workgroupBarrier();
    let kept = select(exp(largest - greatest), 0.0, first == 0u);
    var added = 0.0;
    for (var k = 0u; k < here; k++) { added += weights[k]; }
    sum = sum * kept + added;
    largest = greatest;
    if (added > NEGLIGIBLE * sum) {
      for (var i = lane; i < d; i += LANES) {
        var value = mean[own + i] * kept;
        for (var k = 0u; k < here; k++) { value += weights[k] * points[(first + k) * d + i]; }
        mean[own + i] = value;
      }
    }
    workgroupBarrier();
  }
  for (var i = lane; i < d; i += LANES) { mean[own + i] /= sum; }
}
