// Epilogue of matmul_nn: tangent of Y = residual + gate * branch, Y' = residual' + gate (X' W + addend) + gate' branch. Where the weights
// move too, addend = X W' + b' and the gate has a tangent.  addend, residual', branch as Y; ada, ada' (R,B,A)
struct Shape {
  rows: u32, inner: u32, columns: u32, x_stride: u32, w_stride: u32, y_stride: u32,
  tokens: u32,       // T
  ada_row: u32,      // modulation vectors of one sample, in vec4
  ada_stride: u32,   // of one replica
  gate: u32,         // where this gate stands among them
  added: u32,        // 0: no addend
  moved: u32,        // 0: the gate stays
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> addend: array<vec4f>;
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;
@group(0) @binding(6) var<storage, read> branch: array<vec4f>;
@group(0) @binding(7) var<storage, read> ada: array<vec4f>;
@group(0) @binding(8) var<storage, read> ada_tangent: array<vec4f>;

fn store(replica: u32, row: u32, column: u32, value: vec4f) {
  let at = replica * shape.y_stride + row * shape.columns + column;
  let gate_at = replica * shape.ada_stride + (row / shape.tokens) * shape.ada_row + shape.gate + column;
  var sum = residual[at] + ada[gate_at] * value;
  if (shape.added == 1u) { sum += ada[gate_at] * addend[at]; }
  if (shape.moved == 1u) { sum += ada_tangent[gate_at] * branch[at]; }
  y[at] = sum;
}
