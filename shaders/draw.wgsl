// One batch per replica, drawn by counters alone: noise level, and row of the data set, of every sample. Samples with t < t_min are put
// first, each followed B places later by its anchor at t_min; t is i.i.d., so the order changes nothing but memory access. Where samples have no anchor its
// room is filled all the same: it may go backward with a gradient of 0, and 0 · NaN of a stale image would be NaN.
// A batch may come in P micro-batches of B, one a pass: sample i of part p has the number i P + p, so that their union is the undivided batch of P B,
// and strata are spread over all parts; it also learns its place among all P B, once those are put in order likewise.
// A draw belongs to the sample's number before sorting, so replicas of one seed see the same triplets whatever their t_min.
// Samples that a replica with a smaller batch does not learn from are none of the low ones, so they stand last.
// t is uniform, or sigmoid(mean + scale n), n ~ N(0,1) (logit-normal, LCF eq. 16), or sigma/(1 + sigma) with sigma uniform.
// t, source, row (R,capacity): noise level, number before sorting, data row.  place (R,B).  One workgroup per replica.
// #include lib/philox.wgsl
// #include lib/knobs.wgsl
// #include lib/state.wgsl
const LANES = 256u;
const MOST = 2048u;  // largest batch, P B
const PLACES = 0u;  // specialised: whether places are wanted
struct Shape {
  batch: u32,      // B
  capacity: u32,   // B, or 2 B when there are anchors
  parts: u32,      // P
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read_write> state: array<State>;
@group(0) @binding(3) var<storage, read_write> t: array<f32>;
@group(0) @binding(4) var<storage, read_write> source: array<u32>;
@group(0) @binding(5) var<storage, read_write> row: array<u32>;
@group(0) @binding(6) var<storage, read_write> place: array<u32>;

var<workgroup> level: array<f32, MOST>;

@compute @workgroup_size(LANES)
fn draw(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let r = group.z;
  let knob = knobs[r];
  let step = state[r].step;
  let key = vec2u(knob.seed, 0u);
  let whole = shape.batch * shape.parts;
  let part = state[r].part;
  let strata = select(0u, u32(ceil(knob.t_min * f32(knob.batch))), knob.stratified == 1u);
  for (var i = lane.x; i < whole; i += LANES) {
    let words = philox(vec4u(i / 4u, step, STREAM_TIME, 0u), key);
    let u = uniform_open(words[i % 4u]);
    var value = u;
    if (knob.time_scale > 0.0) { value = clamp(1.0 / (1.0 + exp(-(knob.time_mean + knob.time_scale * normals(words)[i % 4u]))), 1e-5, 1.0 - 1e-5); }
    if (knob.time_sigma > 0.0) { value = knob.time_sigma * u / (1.0 + knob.time_sigma * u); }
    if (strata > 0u) { value = select(knob.t_min + (1.0 - knob.t_min) * u, knob.t_min * u, i < strata); }
    level[i] = select(value, max(value, knob.t_min), i >= knob.batch);
  }
  workgroupBarrier();

  var lambda = select(0.0, knob.lambda, step >= knob.lambda_start);
  if (knob.lambda_ramp > 0u) { lambda *= min(1.0, f32(step - min(step, knob.lambda_start)) / f32(knob.lambda_ramp)); }
  let contrast = lambda > 0.0 && shape.capacity > shape.batch && knob.term == 0u;
  var low = 0u;
  for (var j = 0u; j < shape.batch; j++) { low += u32(level[j * shape.parts + part] < knob.t_min); }
  var whole_low = low;
  if (shape.parts > 1u) {
    whole_low = 0u;
    for (var j = 0u; j < whole; j++) { whole_low += u32(level[j] < knob.t_min); }
  }
  for (var i = lane.x; i < shape.batch; i += LANES) {
    var before = 0u;
    for (var j = 0u; j < i; j++) { before += u32(level[j * shape.parts + part] < knob.t_min); }
    let number = i * shape.parts + part;
    let is_low = level[number] < knob.t_min;
    let slot = select(low + i - before, before, is_low);
    let at = r * shape.capacity + slot;
    let image = philox_multiply_high(philox(vec4u(number / 4u, step, STREAM_BATCH, 0u), key)[number % 4u], knob.images);
    t[at] = level[number];
    source[at] = number;
    row[at] = image;
    if (shape.capacity > shape.batch) {
      t[at + shape.batch] = knob.t_min;
      source[at + shape.batch] = number;
      row[at + shape.batch] = image;
    }
    if (PLACES == 1u) {
      var low_before = 0u;
      for (var j = 0u; j < number; j++) { low_before += u32(level[j] < knob.t_min); }
      place[r * shape.batch + slot] = select(whole_low + number - low_before, low_before, is_low);
    }
  }
  if (lane.x == 0u) {
    state[r].low = low;
    state[r].anchors = select(0u, low, contrast);
    state[r].whole_low = whole_low;
    state[r].whole_anchors = select(0u, whole_low, contrast);
    state[r].lambda = lambda;
  }
}
