// z = mean over tokens of the residual stream after some block.  x (R,rows,C)  z (R,capacity,C).  One thread per (sample, 4 columns).
struct Shape {
  samples: u32,
  tokens: u32,     // T
  columns: u32,    // C / 4
  x_stride: u32,   // between replicas, in vec4
  z_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> z: array<vec4f>;

@compute @workgroup_size(64)
fn token_mean(@builtin(global_invocation_id) id: vec3u) {
  let sample = id.x / shape.columns;
  if (sample >= shape.samples) { return; }
  let start = id.z * shape.x_stride + sample * shape.tokens * shape.columns + id.x % shape.columns;
  var sum = vec4f();
  for (var t = 0u; t < shape.tokens; t++) { sum += x[start + t * shape.columns]; }
  z[id.z * shape.z_stride + id.x] = sum / f32(shape.tokens);
}
