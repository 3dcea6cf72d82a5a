// Epilogue of matmul_nn: tangent of a layer's output, Y' = s or gelu'(pre) s or silu'(pre) s, with s = X' W + addend. Where the weights move
// too, addend = X W' + b'. (A prime is the derivative along the direction.)  addend, pre as Y
// #include lib/activations.wgsl
struct Shape {
  rows: u32, inner: u32, columns: u32, x_stride: u32, w_stride: u32, y_stride: u32,
  activation: u32,   // 0 GELU, 1 SiLU, 2 none
  added: u32,        // 0: no addend
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> addend: array<vec4f>;
@group(0) @binding(5) var<storage, read> pre: array<vec4f>;

fn store(replica: u32, row: u32, column: u32, value: vec4f) {
  let at = replica * shape.y_stride + row * shape.columns + column;
  var sum = value;
  if (shape.added == 1u) { sum += addend[at]; }
  if (shape.activation == 0u) { sum *= gelu_derivative(pre[at]); }
  if (shape.activation == 1u) { sum *= silu_derivative(pre[at]); }
  y[at] = sum;
}
