// Gradients of the modulation vectors of one sublayer, sums over its tokens:
//   dshift = Σ_t dy   dscale = Σ_t dy x̂   dgate = Σ_t dresidual · branch
// One thread per (sample, 4 columns), so each sum has one writer and a fixed order.  dada (R,B,A)
struct Shape {
  samples: u32,
  columns: u32,        // C / 4
  tokens: u32,
  x_stride: u32,       // of x
  d_stride: u32,       // of dy, dresidual
  branch_stride: u32,
  statistics_stride: u32,
  ada_row: u32,
  dada_stride: u32,
  shift: u32,
  scale: u32,
  gate: u32,
  gated: u32,          // 0: no gate (final layer)
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> statistics: array<vec2f>;
@group(0) @binding(4) var<storage, read> dresidual: array<vec4f>;
@group(0) @binding(5) var<storage, read> branch: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dada: array<vec4f>;

@compute @workgroup_size(64)
fn modulate_columns(@builtin(global_invocation_id) id: vec3u) {
  let sample = id.x / shape.columns;
  let c = id.x % shape.columns;
  if (sample >= shape.samples) { return; }
  var dshift = vec4f();
  var dscale = vec4f();
  var dgate = vec4f();
  for (var t = 0u; t < shape.tokens; t++) {
    let row = sample * shape.tokens + t;
    let at = row * shape.columns + c;
    let moments = statistics[id.z * shape.statistics_stride + row];
    let gradient = dy[id.z * shape.d_stride + at];
    dshift += gradient;
    dscale += gradient * (x[id.z * shape.x_stride + at] - moments.x) * moments.y;
    if (shape.gated == 1u) { dgate += dresidual[id.z * shape.d_stride + at] * branch[id.z * shape.branch_stride + at]; }
  }
  let to = id.z * shape.dada_stride + sample * shape.ada_row + c;
  dada[to + shape.shift] = dshift;
  dada[to + shape.scale] = dscale;
  if (shape.gated == 1u) { dada[to + shape.gate] = dgate; }
}
