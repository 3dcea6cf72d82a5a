// What a guided or corrected look at the field comes to: v ← own · v + held · h + mean · m, with factors of each replica's own. Where a factor is 0 its
// summand is not touched, so that a replica that asks for nothing keeps its bits.
// rows (R) of (own, held, mean, 0)  h, m, v (R,length)
struct Shape {
  length: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;
@group(0) @binding(2) var<storage, read> first: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> velocity: array<f32>;

@compute @workgroup_size(64)
fn mix_velocity(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.length) { return; }
  let at = id.z * shape.length + id.x;
  let row = rows[id.z];
  var value = row.x * velocity[at];
  if (row.y != 0.0) { value += row.y * first[at]; }
  if (row.z != 0.0) { value += row.z * mean[at]; }
  velocity[at] = value;
}
