// The gradient of a feature enters the residual stream after its block: dx += dz / T for each token when the feature is the token mean
// (POOLED 1), dx += dz token by token when it is all tokens side by side (POOLED 0). Anchor rows (from B on) start here, so they are set.
// dbranch = dx · gate is made anew, for it was computed before this gradient came in.
// dz (R,samples,C or T·C)  dx, dbranch (R,samples·T,C)  ada (R,samples,A).  One thread per (row, 4 columns).
const POOLED = 1u;  // specialised
struct Shape {
  rows: u32,
  batch_rows: u32,   // rows from here on belong to anchors
  columns: u32,      // C / 4
  tokens: u32,
  d_stride: u32,     // between replicas, in vec4
  dz_stride: u32,
  ada_row: u32,
  ada_stride: u32,
  gate: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dz: array<vec4f>;
@group(0) @binding(2) var<storage, read> ada: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dbranch: array<vec4f>;

@compute @workgroup_size(64)
fn feature_backward(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x / shape.columns;
  let c = id.x % shape.columns;
  if (row >= shape.rows) { return; }
  let sample = row / shape.tokens;
  var added = dz[id.z * shape.dz_stride + select(id.x, sample * shape.columns + c, POOLED == 1u)];
  if (POOLED == 1u) { added /= f32(shape.tokens); }
  let at = id.z * shape.d_stride + id.x;
  let value = select(added, dx[at] + added, row < shape.batch_rows);
  dx[at] = value;
  dbranch[at] = value * ada[id.z * shape.ada_stride + sample * shape.ada_row + shape.gate + c];
}
