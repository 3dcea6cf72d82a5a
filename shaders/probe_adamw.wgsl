// AdamW with decoupled decay (Loshchilov & Hutter, arXiv 1711.05101) for all probes at once; the pace of each step is laid down beforehand.
// gradient, weights, first, second (P,length); first and second are the moments.  pace (steps): learning rate, weight decay, 1/(1 − β1^step),
// 1/(1 − β2^step).  One thread per four weights.
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
struct Shape {
  length: u32,  // P K (C + 4) / 4
  row: u32,     // threads along x
  step: u32,    // in pace
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read> pace: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> weights: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> first: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> second: array<vec4f>;

@compute @workgroup_size(64)
fn probe_adamw(@builtin(global_invocation_id) id: vec3u) {
  let i = id.y * shape.row + id.x;
  if (i >= shape.length) { return; }
  let now = pace[shape.step];
  let g = gradient[i];
  let m = BETA1 * first[i] + (1.0 - BETA1) * g;
  let v = BETA2 * second[i] + (1.0 - BETA2) * g * g;
  first[i] = m;
  second[i] = v;
  weights[i] = weights[i] * (1.0 - now.x * now.y) - now.x * (m * now.z) / (sqrt(v * now.w) + EPSILON);
}
