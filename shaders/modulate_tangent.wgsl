// Tangent of y = x̂ (1 + scale) + shift with x̂ = LayerNorm(x), along x' and, where the weights move too, shift' and scale':
//   y' = x̂' (1 + scale) + x̂ scale' + shift',  x̂' = rstd (x' − mean(x') − x̂ mean(x̂ x'))
// x, x', y' (R,rows,C)  statistics (R,rows) of (mean, 1/std)  ada, ada' (R,samples,A).  One thread per row.
struct Shape {
  rows: u32,
  columns: u32,        // C / 4
  tokens: u32,         // T
  x_stride: u32,       // between replicas, in vec4
  tangent_stride: u32, // of x', y'
  statistics_stride: u32,
  ada_row: u32,
  ada_stride: u32,
  shift: u32,          // where shift and scale stand in a sample's ada, in vec4
  scale: u32,
  moved: u32,          // 0: shift and scale stay
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> x_tangent: array<vec4f>;
@group(0) @binding(3) var<storage, read> statistics: array<vec2f>;
@group(0) @binding(4) var<storage, read> ada: array<vec4f>;
@group(0) @binding(5) var<storage, read> ada_tangent: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y_tangent: array<vec4f>;

@compute @workgroup_size(64)
fn modulate_tangent(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= shape.rows) { return; }
  let start = id.z * shape.x_stride + row * shape.columns;
  let at = id.z * shape.tangent_stride + row * shape.columns;
  let sample = id.z * shape.ada_stride + (row / shape.tokens) * shape.ada_row;
  let moments = statistics[id.z * shape.statistics_stride + row];
  var sum = vec4f();
  var product = vec4f();
  for (var c = 0u; c < shape.columns; c++) {
    sum += x_tangent[at + c];
    product += x_tangent[at + c] * (x[start + c] - moments.x) * moments.y;
  }
  let mean = dot(sum, vec4f(1.0)) / f32(4u * shape.columns);
  let along = dot(product, vec4f(1.0)) / f32(4u * shape.columns);
  for (var c = 0u; c < shape.columns; c++) {
    let normal = (x[start + c] - moments.x) * moments.y;
    var value = moments.y * (x_tangent[at + c] - mean - normal * along) * (1.0 + ada[sample + shape.scale + c]);
    if (shape.moved == 1u) { value += normal * ada_tangent[sample + shape.scale + c] + ada_tangent[sample + shape.shift + c]; }
    y_tangent[at + c] = value;
  }
}
