// GELU in its tanh form (DiT's approximate="tanh") and SiLU, with derivatives, for four values at a time.
// Some drivers return NaN for tanh of large arguments; tanh(±10) is ±1 in f32, so the argument is clamped.

fn tanh_safe(x: vec4f) -> vec4f {
  return tanh(clamp(x, vec4f(-10.0), vec4f(10.0)));
}

fn gelu(x: vec4f) -> vec4f {
  return 0.5 * x * (1.0 + tanh_safe(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}

fn gelu_derivative(x: vec4f) -> vec4f {
  let u = tanh_safe(0.7978845608028654 * (x + 0.044715 * x * x * x));
  return 0.5 * (1.0 + u) + 0.5 * x * (1.0 - u * u) * 0.7978845608028654 * (1.0 + 3.0 * 0.044715 * x * x);
}

fn silu(x: vec4f) -> vec4f {
  return x / (1.0 + exp(-x));
}

fn silu_derivative(x: vec4f) -> vec4f {
  let s = 1.0 / (1.0 + exp(-x));
  return s * (1.0 + x * (1.0 - s));
}
