// What a net's output u says of the velocity at (x_t, t) by what it predicts: v = skip x_t + out u. C is the least denominator.
//   prediction 0, the velocity: 0, 1   1, the image: β′/max(β,C), −W/max(β,C)   2, the noise: α′/max(α,C), W/max(α,C), with W = αβ′ − α′β
// On the linear path α = 1−t, β = t, W = 1, C = c.
// PART 0: y = skip x + out u (values, and tangents with x' for x)   1: y = out u (cotangents, and tangents while x stays)   2: y += skip x (cotangent of x_t)
// t (R,capacity)  x (R,x_capacity,d)  u, y (R,samples,d).  One thread per value.
// #include lib/knobs.wgsl
// #include lib/path.wgsl
const PART = 0u;   // specialised
const PATHS = 0u;  // specialised
struct Shape {
  samples: u32,
  dimensions: u32,   // d
  capacity: u32,     // of t
  x_capacity: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> u: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read> paths: array<vec4f>;

@compute @workgroup_size(64)
fn read_output(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.samples * shape.dimensions) { return; }
  let knob = knobs[id.z];
  let path = place_on(id.z, t[id.z * shape.capacity + id.x / shape.dimensions]);
  var skip = 0.0;
  var out = 1.0;
  let least = least_denominator(path, knob.least);
  if (knob.prediction == 1u) {
    skip = path.dbeta / max(path.beta, least);
    out = -path.w / max(path.beta, least);
  }
  if (knob.prediction == 2u) {
    out = path.w / max(path.alpha, least);
    skip = path.dalpha / max(path.alpha, least);
  }
  let at = id.z * shape.samples * shape.dimensions + id.x;
  let from_x = id.z * shape.x_capacity * shape.dimensions + id.x;
  if (PART == 0u) {
    var value = out * u[at];
    if (knob.prediction > 0u) { value += skip * x[from_x]; }
    y[at] = value;
  }
  if (PART == 1u) { y[at] = out * u[at]; }
  if (PART == 2u) { y[at] += skip * x[from_x]; }
}
