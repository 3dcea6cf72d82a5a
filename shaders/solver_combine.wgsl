// What an explicit solver's next look or next state is: y = keep x + Σ_j along_j k_j + noise ξ, ξ ~ N(0,I) from counters, the same in every
// replica.  x, y (R,samples,d)  k (planes,R,samples,d)  rows (R).  One thread per value.
// #include lib/philox.wgsl
struct Row {
  keep: f32,
  noise: f32,             // 0 for an ODE
  seed: u32,
  draw: u32,              // of the noise: the Philox step
  along: array<f32, 8>,   // steps are negative: t runs from 1 to 0
}
struct Shape {
  length: u32,   // samples · d
  planes: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> k: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn solver_combine(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.x >= shape.length) { return; }
  let at = id.z * shape.length + id.x;
  let plane = groups.z * shape.length;
  var value = rows[id.z].keep * x[at];
  for (var j = 0u; j < shape.planes; j++) {
    let along = rows[id.z].along[j];
    if (along != 0.0) { value += along * k[j * plane + at]; }
  }
  if (rows[id.z].noise > 0.0) {
    value += rows[id.z].noise * normals(philox(vec4u(id.x / 4u, rows[id.z].draw, STREAM_SAMPLE, 0u), vec2u(rows[id.z].seed, 0u)))[id.x % 4u];
  }
  y[at] = value;
}
