// Epilogue of linear_backward: the layer's input was gelu(pre) or silu(pre), so the gradient goes on to pre.
// #include lib/activations.wgsl
@group(0) @binding(6) var<storage, read> pre: array<vec4f>;

fn input_gradient(at: u32, value: vec4f) -> vec4f {
  if (shape.activation == 0u) { return value * gelu_derivative(pre[at]); }
  if (shape.activation == 1u) { return value * silu_derivative(pre[at]); }
  return value;
}
