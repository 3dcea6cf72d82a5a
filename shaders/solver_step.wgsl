// One stage of an explicit solver: y = x + h (a v + b w), h of each replica's own (negative: t runs from 1 to 0).
// Euler: a = 1, b = 0.  Heun's second stage: a = b = 1/2.  x, v, w, y (R,samples,d)  h (R) of (h, a, b, unused)
struct Shape {
  length: u32,   // samples · d
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<f32>;
@group(0) @binding(4) var<storage, read> h: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn solver_step(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.length) { return; }
  let at = id.z * shape.length + id.x;
  let stage = h[id.z];
  y[at] = x[at] + stage.x * (stage.y * v[at] + stage.z * w[at]);
}
