// Epilogue of matmul_nn: branch = X W + b, Y = residual + gate * branch. The gate's gradient needs branch: it cannot be divided
// out of Y, because adaLN-zero starts with gate 0.
struct Shape {
  rows: u32, inner: u32, columns: u32, x_stride: u32, w_stride: u32, y_stride: u32,
  tokens: u32,            // T
  ada_row: u32,           // modulation vectors of one sample, in vec4
  ada_stride: u32,        // of one replica
  gate: u32,              // where this gate stands among them
  residual_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> branch: array<vec4f>;
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;
@group(0) @binding(6) var<storage, read> ada: array<vec4f>;

fn store(replica: u32, row: u32, column: u32, value: vec4f) {
  let at = row * shape.columns + column;
  branch[replica * shape.y_stride + at] = value;
  let gate = ada[replica * shape.ada_stride + (row / shape.tokens) * shape.ada_row + shape.gate + column];
  y[replica * shape.y_stride + at] = residual[replica * shape.residual_stride + at] + gate * value;
}
