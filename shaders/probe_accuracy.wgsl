// How many of some images each probe names rightly: the class of the greatest logit, the first of equals.
// x (G,N,C)  labels (N)  scale (P,2,C)  weights (P,K,C+4), b in column C  correct (P,chunks), one count for every 64 images
// One thread per (probe, image).
const LANES = 64u;
struct Shape {
  draws: u32,     // S: probe p looks at group p / S
  start: u32,     // first of the images asked about
  count: u32,
  chunks: u32,    // count / 64, rounded up
  images: u32,    // N
  columns: u32,   // C / 4
  classes: u32,   // K
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> correct: array<f32>;

var<workgroup> right: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn probe_accuracy(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let p = group.z;
  let i = group.x * LANES + lane.x;
  let row = shape.start + min(i, shape.count - 1u);
  let image = ((p / shape.draws) * shape.images + row) * shape.columns;
  let deviation = p * 2u * shape.columns;
  let width = shape.columns + 1u;
  var best = 0u;
  var greatest = -3e38;
  for (var k = 0u; k < shape.classes; k++) {
    let w = (p * shape.classes + k) * width;
    var logit = weights[w + shape.columns].x;
    for (var c = 0u; c < shape.columns; c++) { logit += dot((x[image + c] - scale[deviation + c]) * scale[deviation + shape.columns + c], weights[w + c]); }
    if (logit > greatest) {
      greatest = logit;
      best = k;
    }
  }
  right[lane.x] = select(0.0, 1.0, i < shape.count && best == labels[row]);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) { right[lane.x] += right[lane.x + half]; }
  }
  if (lane.x == 0u) { correct[p * shape.chunks + group.x] = right[0]; }
}
