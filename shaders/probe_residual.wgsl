// What a softmax probe gets wrong: residual = softmax(W z + b) − one-hot(label), z = (x − mean) · inverse deviation.
// x (G,N,C)  rows (S,capacity)  labels (N)  scale (P,2,C)  weights (P,K,C+4), b in column C  residual (P,n,K)  probe p = g S + s.
// Probes that have arrived (progress.w, see probe_nesterov) are left out.  One thread per (probe, labelled row).
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
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> scale: array<vec4f>;
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;
@group(0) @binding(6) var<storage, read> progress: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> residual: array<f32>;

@compute @workgroup_size(64)
fn probe_residual(@builtin(global_invocation_id) id: vec3u) {
  let p = id.z;
  if (id.x >= shape.samples || progress[p].w > 0.0) { return; }
  let row = rows[(p % shape.draws) * shape.capacity + shape.start + id.x];
  let image = ((p / shape.draws) * shape.images + row) * shape.columns;
  let deviation = p * 2u * shape.columns;
  let width = shape.columns + 1u;
  let to = (p * shape.samples + id.x) * shape.classes;
  let last = shape.classes - 1u;
  var greatest = -3e38;
  // Four classes at a time, so that a feature is fetched once for four products.
  for (var k = 0u; k < shape.classes; k += 4u) {
    let w = (vec4u(p * shape.classes) + min(vec4u(k, k + 1u, k + 2u, k + 3u), vec4u(last))) * width;
    var sum = vec4f(weights[w.x + shape.columns].x, weights[w.y + shape.columns].x, weights[w.z + shape.columns].x, weights[w.w + shape.columns].x);
    for (var c = 0u; c < shape.columns; c++) {
      let z = (x[image + c] - scale[deviation + c]) * scale[deviation + shape.columns + c];
      sum += vec4f(dot(z, weights[w.x + c]), dot(z, weights[w.y + c]), dot(z, weights[w.z + c]), dot(z, weights[w.w + c]));
    }
    for (var j = 0u; j < min(4u, shape.classes - k); j++) {
      residual[to + k + j] = sum[j];
      greatest = max(greatest, sum[j]);
    }
  }
  var total = 0.0;
  for (var k = 0u; k < shape.classes; k++) {
    let value = exp(residual[to + k] - greatest);
    residual[to + k] = value;
    total += value;
  }
  let label = labels[row];
  for (var k = 0u; k < shape.classes; k++) { residual[to + k] = residual[to + k] / total - select(0.0, 1.0, k == label); }
}
