// y = factor x, elementwise.  x, y (R,length)
struct Shape {
  length: u32,
  factor: f32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn scale(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.length) { return; }
  y[id.z * shape.length + id.x] = shape.factor * x[id.z * shape.length + id.x];
}
