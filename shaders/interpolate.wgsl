// A replica's path from image to noise: x_t = α x0 + β ε and its velocity v* = α′ x0 + β′ ε; linear, (1 − t) x0 + t ε and ε − x0 (Lipman et al. 2022).
// data (images,d)  row, t (R,capacity)  eps, xt, goal (R,capacity,d).  One thread per value.
// #include lib/path.wgsl
const PATHS = 0u;  // specialised
struct Shape {
  samples: u32,
  dimensions: u32,   // d
  capacity: u32,     // between replicas
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> row: array<u32>;
@group(0) @binding(3) var<storage, read> t: array<f32>;
@group(0) @binding(4) var<storage, read> eps: array<f32>;
@group(0) @binding(5) var<storage, read_write> xt: array<f32>;
@group(0) @binding(6) var<storage, read_write> goal: array<f32>;
@group(0) @binding(7) var<storage, read> paths: array<vec4f>;

@compute @workgroup_size(64)
fn interpolate(@builtin(global_invocation_id) id: vec3u) {
  let sample = id.x / shape.dimensions;
  if (sample >= shape.samples) { return; }
  let place = id.z * shape.capacity + sample;
  let at = place * shape.dimensions + id.x % shape.dimensions;
  let x0 = data[row[place] * shape.dimensions + id.x % shape.dimensions];
  let path = place_on(id.z, t[place]);
  xt[at] = path.alpha * x0 + path.beta * eps[at];
  goal[at] = path.dalpha * x0 + path.dbeta * eps[at];
}
