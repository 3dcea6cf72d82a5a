// y = LayerNorm(x) (1 + scale) + shift, LayerNorm without affine, eps 1e-6 (DiT's modulate). One thread per row.
// x, y (R,rows,C)  statistics (R,rows) of (mean, 1/std)  ada (R,samples,A) holds shift and scale of every block
struct Shape {
  rows: u32,
  columns: u32,        // C / 4
  tokens: u32,         // T
  x_stride: u32,       // between replicas, in vec4
  y_stride: u32,
  statistics_stride: u32,
  ada_row: u32,
  ada_stride: u32,
  shift: u32,          // where shift and scale stand in a sample's ada, in vec4
  scale: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> ada: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> statistics: array<vec2f>;

@compute @workgroup_size(64)
fn modulate(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= shape.rows) { return; }
  let start = id.z * shape.x_stride + row * shape.columns;
  var sum = vec4f();
  for (var c = 0u; c < shape.columns; c++) { sum += x[start + c]; }
  let mean = dot(sum, vec4f(1.0)) / f32(4u * shape.columns);
  var squares = vec4f();
  for (var c = 0u; c < shape.columns; c++) {
    let centred = x[start + c] - mean;
    squares += centred * centred;
  }
  let rstd = inverseSqrt(dot(squares, vec4f(1.0)) / f32(4u * shape.columns) + 1e-6);
  statistics[id.z * shape.statistics_stride + row] = vec2f(mean, rstd);
  let sample = id.z * shape.ada_stride + (row / shape.tokens) * shape.ada_row;
  let to = id.z * shape.y_stride + row * shape.columns;
  for (var c = 0u; c < shape.columns; c++) {
    y[to + c] = (x[start + c] - mean) * rstd * (1.0 + ada[sample + shape.scale + c]) + ada[sample + shape.shift + c];
  }
}
