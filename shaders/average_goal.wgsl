// The target averaged over the images that x_t may have come from (ExFM, arXiv 2402.03232, eq. 16 with (1−t)²; closed-form flow matching, arXiv 2506.03719):
//   v̂ = Σ_k w_k (x_t − x_k)/t = v* + (x0 − Σ_k w_k x_k)/t,   w = softmax_k(−‖x_t − (1−t) x_k‖² / (2t²));
// on any path v* + (x0 − Σ_k w_k x_k) W/β, with α for 1−t and β for t in w, and W = αβ′ − α′β.
// Candidates x_k are the replica's whole set where N reaches it; else N images drawn for the step, the sample's own in place of the first (own 1).
// In this form the target stays v* to the last bit where only the own image counts. Replicas with N = 0 are left as they are.
// data (images,d)  row, t (R,capacity)  xt, goal (R,capacity,d).  One workgroup per sample.
// #include lib/philox.wgsl
// #include lib/knobs.wgsl
// #include lib/state.wgsl
// #include lib/path.wgsl
const LANES = 64u;
const MOST = 1024u;  // candidates
const PATHS = 0u;    // specialised
struct Shape {
  dimensions: u32,   // d
  capacity: u32,     // between replicas
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> data: array<f32>;
@group(0) @binding(4) var<storage, read> row: array<u32>;
@group(0) @binding(5) var<storage, read> t: array<f32>;
@group(0) @binding(6) var<storage, read> xt: array<f32>;
@group(0) @binding(7) var<storage, read_write> goal: array<f32>;
@group(0) @binding(8) var<storage, read> paths: array<vec4f>;

var<workgroup> rows: array<u32, MOST>;
var<workgroup> weights: array<f32, MOST>;
var<workgroup> parts: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn average_goal(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let r = group.z;
  let lane = local.x;
  let images = knobs[r].images;
  let N = min(min(knobs[r].candidates, MOST), images);
  if (N == 0u) { return; }
  let d = shape.dimensions;
  let place = r * shape.capacity + group.x;
  let own = row[place];
  let path = place_on(r, t[place]);
  let all = N == images;

  var largest = -3.4e38;
  for (var k = lane; k < N; k += LANES) {
    let word = philox(vec4u(k / 4u, state[r].step, STREAM_CANDIDATE, 0u), vec2u(knobs[r].seed, 0u))[k % 4u];
    let drawn = select(select(philox_multiply_high(word, images), own, k == 0u && knobs[r].own_candidate == 1u), k, all);
    rows[k] = drawn;
    var squared = 0.0;
    for (var i = 0u; i < d; i++) {
      let difference = xt[place * d + i] - path.alpha * data[drawn * d + i];
      squared += difference * difference;
    }
    let left_out = drawn == own && knobs[r].own_candidate == 0u;
    weights[k] = select(-squared / (2.0 * path.beta * path.beta), -3.4e38, left_out);
    largest = max(largest, weights[k]);
  }
  parts[lane] = largest;
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) { largest = max(largest, parts[i]); }
  workgroupBarrier();
  var sum = 0.0;
  for (var k = lane; k < N; k += LANES) {
    weights[k] = exp(weights[k] - largest);
    sum += weights[k];
  }
  parts[lane] = sum;
  workgroupBarrier();
  sum = 0.0;
  for (var i = 0u; i < LANES; i++) { sum += parts[i]; }
  for (var i = lane; i < d; i += LANES) {
    var mean = 0.0;
    for (var k = 0u; k < N; k++) { mean += weights[k] / sum * data[rows[k] * d + i]; }
    goal[place * d + i] += (data[own * d + i] - mean) * path.w / path.beta;
  }
}
