// Epilogue of linear_backward: the layer's input was gelu(pre) or silu(pre), so the gradient goes on to pre.
// #include lib/activations.wgsl
const ACTIVATION = 3u;  // specialised: as shape.activation where that is known, or 3. Some software adapters walk both ways of every branch
@group(0) @binding(6) var<storage, read> pre: array<vec4f>;

fn input_gradient(at: u32, value: vec4f) -> vec4f {
  if (ACTIVATION == 0u || (ACTIVATION == 3u && shape.activation == 0u)) { return value * gelu_derivative(pre[at]); }
  if (ACTIVATION == 1u || (ACTIVATION == 3u && shape.activation == 1u)) { return value * silu_derivative(pre[at]); }
  return value;
}
