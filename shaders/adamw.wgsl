// AdamW with decoupled decay (Loshchilov & Hutter, arXiv 1711.05101) on a clipped gradient, and the running mean of the weights:
//   g ← scale g   θ ← θ (1 − lr wd)   m, v as in Adam   θ ← θ − lr m̂ / (√v̂ + ε)   e ← d e + (1 − d) θ
// All tensors (R,parameters); one thread per four parameters. A skipped step leaves everything as it was.
// #include lib/knobs.wgsl
// #include lib/state.wgsl
struct Shape {
  length: u32,   // parameters / 4
  row: u32,      // threads along x
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> first: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> second: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> ema: array<vec4f>;

@compute @workgroup_size(64)
fn adamw(@builtin(global_invocation_id) id: vec3u) {
  let i = id.y * shape.row + id.x;
  // By reference: drivers that load a struct as a whole would spend most of the time on fields that nobody asks for.
  let now = &state[id.z];
  if (i >= shape.length || now.finite != 1u) { return; }
  let knob = &knobs[id.z];
  let at = id.z * shape.length + i;
  let gradient = now.scale * gradients[at];
  let m = knob.beta1 * first[at] + (1.0 - knob.beta1) * gradient;
  let v = knob.beta2 * second[at] + (1.0 - knob.beta2) * gradient * gradient;
  first[at] = m;
  second[at] = v;
  let update = now.rate * (m * now.correction1) / (sqrt(v * now.correction2) + knob.epsilon);
  let value = parameters[at] * (1.0 - now.rate * knob.weight_decay) - update;
  parameters[at] = value;
  ema[at] = now.ema * ema[at] + (1.0 - now.ema) * value;
}
