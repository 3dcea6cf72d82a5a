// Epilogue of matmul_nn: Y = X W + b + position embedding of the row's token.
struct Shape {
  rows: u32, inner: u32, columns: u32, x_stride: u32, w_stride: u32, y_stride: u32,
  tokens: u32,     // T
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> positions: array<vec4f>;  // (T,C)

fn store(replica: u32, row: u32, column: u32, value: vec4f) {
  y[replica * shape.y_stride + row * shape.columns + column] = value + positions[(row % shape.tokens) * shape.columns + column];
}
