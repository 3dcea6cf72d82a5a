// unit = z / ‖z‖, and 1/‖z‖ for the backward; a zero vector stays zero.  z, unit (R,samples,F)  inverse (R,samples).  One thread per sample.
struct Shape {
  samples: u32,
  columns: u32,    // F / 4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> z: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> unit: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> inverse: array<f32>;

@compute @workgroup_size(64)
fn unit_length(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.samples) { return; }
  let sample = id.z * shape.samples + id.x;
  var squares = 0.0;
  for (var c = 0u; c < shape.columns; c++) { squares += dot(z[sample * shape.columns + c], z[sample * shape.columns + c]); }
  let factor = select(0.0, inverseSqrt(squares), squares > 1e-30);
  inverse[sample] = factor;
  for (var c = 0u; c < shape.columns; c++) { unit[sample * shape.columns + c] = factor * z[sample * shape.columns + c]; }
}
