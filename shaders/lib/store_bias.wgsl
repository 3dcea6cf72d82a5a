// Epilogue of matmul_nn: Y = X W + b.
struct Shape {
  rows: u32,       // M
  inner: u32,      // K / 4
  columns: u32,    // N / 4
  x_stride: u32,   // between replicas, in vec4
  w_stride: u32,
  y_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

fn store(replica: u32, row: u32, column: u32, value: vec4f) {
  y[replica * shape.y_stride + row * shape.columns + column] = value;
}
