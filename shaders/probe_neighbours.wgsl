// k nearest neighbours: how many of some images the majority of their `near` nearest bank images (squared distance) name rightly; of classes
// with equally many votes, the one with the nearer neighbour wins.
// x (G,N,C)  labels (N)  bank: images 0 … bank − 1  correct (G,chunks), one count for every 64 images.  One thread per (group, image).
const LANES = 64u;
const NEAR = 10u; // specialised
struct Shape {
  bank: u32,
  start: u32,     // first of the images asked about
  count: u32,
  chunks: u32,    // count / 64, rounded up
  images: u32,    // N
  columns: u32,   // C / 4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> correct: array<f32>;

var<workgroup> right: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn probe_neighbours(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let i = group.x * LANES + lane.x;
  let row = shape.start + min(i, shape.count - 1u);
  let all = group.z * shape.images;
  var distances: array<f32, NEAR>;
  var names: array<u32, NEAR>;
  for (var n = 0u; n < NEAR; n++) {
    distances[n] = 3e38;
    names[n] = 0xffffffffu;
  }
  for (var b = 0u; b < shape.bank; b++) {
    var distance = 0.0;
    for (var c = 0u; c < shape.columns; c++) {
      let difference = x[(all + row) * shape.columns + c] - x[(all + b) * shape.columns + c];
      distance += dot(difference, difference);
    }
    if (distance >= distances[NEAR - 1u]) { continue; }
    var place = NEAR - 1u;
    for (; place > 0u && distances[place - 1u] > distance; place--) {
      distances[place] = distances[place - 1u];
      names[place] = names[place - 1u];
    }
    distances[place] = distance;
    names[place] = labels[b];
  }
  var best = 0xffffffffu;
  var most = 0u;
  for (var n = 0u; n < NEAR; n++) {
    var votes = 0u;
    for (var m = 0u; m < NEAR; m++) { votes += select(0u, 1u, names[m] == names[n]); }
    if (votes > most && names[n] != 0xffffffffu) {
      most = votes;
      best = names[n];
    }
  }
  right[lane.x] = select(0.0, 1.0, i < shape.count && best == labels[row]);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) { right[lane.x] += right[lane.x + half]; }
  }
  if (lane.x == 0u) { correct[group.z * shape.chunks + group.x] = right[0]; }
}
