// Gradient of mean cross-entropy + λ/2 ‖W‖² of a softmax probe, b without penalty: g = 1/n Σ residual z + λ W.
// x (G,N,C)  rows (S,capacity)  scale (P,2,C)  weights, gradient (P,K,C+4), b in column C  residual (P,n,K)  penalty λ (P)
// Probes that have arrived (progress.w, see probe_nesterov) are left out.  One thread per (probe, class, 4 features).
struct Shape {
  draws: u32,     // S
  samples: u32,   // n
  start: u32,     // first of the n in rows
  capacity: u32,  // of rows
  images: u32,    // N
  columns: u32,   // C / 4
  classes: u32,   // K
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read> penalty: array<f32>;
@group(0) @binding(6) var<storage, read> weights: array<vec4f>;
@group(0) @binding(7) var<storage, read> progress: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn probe_gradient(@builtin(global_invocation_id) id: vec3u) {
  let p = id.z;
  let width = shape.columns + 1u;
  if (id.x >= shape.classes * width || progress[p].w > 0.0) { return; }
  let k = id.x / width;
  let c = id.x % width;
  let at = p * shape.classes * width + id.x;
  let wrong = p * shape.samples * shape.classes + k;
  var sum = vec4f();
  if (c == shape.columns) {
    for (var i = 0u; i < shape.samples; i++) { sum.x += residual[wrong + i * shape.classes]; }
    gradient[at] = sum / f32(shape.samples);
    return;
  }
  let image = (p / shape.draws) * shape.images * shape.columns + c;
  let first = (p % shape.draws) * shape.capacity + shape.start;
  let mean = scale[p * 2u * shape.columns + c];
  for (var i = 0u; i < shape.samples; i++) { sum += residual[wrong + i * shape.classes] * (x[image + rows[first + i] * shape.columns] - mean); }
  gradient[at] = sum * scale[(p * 2u + 1u) * shape.columns + c] / f32(shape.samples) + penalty[p] * weights[at];
}
