// Gradient of y = LayerNorm(x) (1 + scale) + shift towards x, added to the residual stream, and what the sublayer before it receives:
//   dx = dresidual + rstd (g − mean(g) − x̂ mean(g x̂)),  g = dy (1 + scale)          dbranch = dx · gate of the sublayer before
// One thread per row. dresidual and dx are different buffers, because modulate_columns still needs dresidual.
struct Shape {
  rows: u32,
  columns: u32,        // C / 4
  tokens: u32,
  x_stride: u32,       // of x
  d_stride: u32,       // of dy, dresidual, dx, dbranch
  statistics_stride: u32,
  ada_row: u32,
  ada_stride: u32,
  scale: u32,
  gate: u32,
  residual: u32,       // 0: there is no residual gradient yet (final layer)
  gated: u32,          // 0: no sublayer before this one
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> statistics: array<vec2f>;
@group(0) @binding(4) var<storage, read> ada: array<vec4f>;
@group(0) @binding(5) var<storage, read> dresidual: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dbranch: array<vec4f>;

@compute @workgroup_size(64)
fn modulate_backward(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= shape.rows) { return; }
  let at = id.z * shape.d_stride + row * shape.columns;
  let start = id.z * shape.x_stride + row * shape.columns;
  let sample = id.z * shape.ada_stride + (row / shape.tokens) * shape.ada_row;
  let moments = statistics[id.z * shape.statistics_stride + row];
  var sum = vec4f();
  var product = vec4f();
  for (var c = 0u; c < shape.columns; c++) {
    let g = dy[at + c] * (1.0 + ada[sample + shape.scale + c]);
    sum += g;
    product += g * (x[start + c] - moments.x) * moments.y;
  }
  let mean_g = dot(sum, vec4f(1.0)) / f32(4u * shape.columns);
  let mean_gx = dot(product, vec4f(1.0)) / f32(4u * shape.columns);
  for (var c = 0u; c < shape.columns; c++) {
    let g = dy[at + c] * (1.0 + ada[sample + shape.scale + c]);
    let normal = (x[start + c] - moments.x) * moments.y;
    var value = moments.y * (g - mean_g - normal * mean_gx);
    if (shape.residual == 1u) { value += dresidual[at + c]; }
    dx[at + c] = value;
    if (shape.gated == 1u) { dbranch[at + c] = value * ada[sample + shape.gate + c]; }
  }
}
