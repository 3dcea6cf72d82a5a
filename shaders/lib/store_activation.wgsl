// Epilogue of matmul_nn: pre = X W + b, Y = gelu(pre) or silu(pre). The backward needs pre.
// #include lib/activations.wgsl
const ACTIVATION = 3u;  // specialised: as shape.activation where that is known, or 3. Some software adapters walk both ways of every branch
struct Shape {
  rows: u32, inner: u32, columns: u32, x_stride: u32, w_stride: u32, y_stride: u32,
  activation: u32,   // 0 GELU, 1 SiLU; a number and not two files, for a pipeline costs more to compile than this costs to ask
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> pre: array<vec4f>;

fn store(replica: u32, row: u32, column: u32, value: vec4f) {
  let at = replica * shape.y_stride + row * shape.columns + column;
  pre[at] = value;
  if (ACTIVATION == 0u || (ACTIVATION == 3u && shape.activation == 0u)) { y[at] = gelu(value); } else { y[at] = silu(value); }
}
