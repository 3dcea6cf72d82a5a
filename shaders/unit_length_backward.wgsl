// dz = (dunit − unit (unit·dunit)) / ‖z‖.  unit, dunit, dz (R,samples,F)  inverse (R,samples).  One thread per sample.
struct Shape {
  samples: u32,
  columns: u32,    // F / 4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> unit: array<vec4f>;
@group(0) @binding(2) var<storage, read> inverse: array<f32>;
@group(0) @binding(3) var<storage, read> dunit: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dz: array<vec4f>;

@compute @workgroup_size(64)
fn unit_length_backward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.samples) { return; }
  let start = (id.z * shape.samples + id.x) * shape.columns;
  var along = 0.0;
  for (var c = 0u; c < shape.columns; c++) { along += dot(unit[start + c], dunit[start + c]); }
  for (var c = 0u; c < shape.columns; c++) { dz[start + c] = inverse[id.z * shape.samples + id.x] * (dunit[start + c] - along * unit[start + c]); }
}
