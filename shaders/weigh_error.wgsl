// The error whose square is minimised, where that is not the velocity's: p − q = √w (v − v*), of the image, the noise or the velocity, with the target
// clamped as the net's answer is (JiT, arXiv 2511.13720). With C the least denominator, and W = αβ′ − α′β, which is 1 on the linear path:
//   √w: velocity 1   image β/W, or max(β,C)/W when the net predicts the image   noise α/W, or max(α,C)/W when it predicts the noise
//       velocity in the middle: a bump over t, w = 2.662 exp(−½((t − ½)/.15)²), whose mean is 1 (our reading of Generation Phases, arXiv 2510.24830)
//   v* times β/max(β,C) when the net predicts the image, α/max(α,C) when it predicts the noise
// MODE 0: p = √w v, q = √w v*   1: p = √w v alone, for gradients.  t (R,capacity)  v, p (R,B,d)  goal, q (R,capacity,d)
// #include lib/knobs.wgsl
// #include lib/path.wgsl
const MODE = 0u;   // specialised
const PATHS = 0u;  // specialised
struct Shape {
  batch: u32,        // B
  dimensions: u32,   // d
  capacity: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read> goal: array<f32>;
@group(0) @binding(5) var<storage, read_write> p: array<f32>;
@group(0) @binding(6) var<storage, read_write> q: array<f32>;
@group(0) @binding(7) var<storage, read> paths: array<vec4f>;

@compute @workgroup_size(64)
fn weigh_error(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.batch * shape.dimensions) { return; }
  let knob = knobs[id.z];
  let level = t[id.z * shape.capacity + id.x / shape.dimensions];
  let path = place_on(id.z, level);
  let near = vec2f(path.beta, path.alpha);
  let held = select(near, max(near, vec2f(least_denominator(path, knob.least))), vec2<bool>(knob.prediction == 1u, knob.prediction == 2u));
  var root = 1.0;
  if (knob.error_of == 1u) { root = held.x / path.w; }
  if (knob.error_of == 2u) { root = held.y / path.w; }
  let off = (level - 0.5) / 0.15;
  if (knob.error_of == 3u) { root = sqrt(2.662) * exp(-0.25 * off * off); }
  let at = id.z * shape.batch * shape.dimensions + id.x;
  p[at] = root * v[at];
  if (MODE == 0u) {
    let from_goal = id.z * shape.capacity * shape.dimensions + id.x;
    var clamped = goal[from_goal];
    if (knob.prediction == 1u) { clamped *= near.x / held.x; }
    if (knob.prediction == 2u) { clamped *= near.y / held.y; }
    q[from_goal] = root * clamped;
  }
}
