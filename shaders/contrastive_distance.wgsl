// Squared distances of each low-noise feature z_i, or of each where the term needs no anchors, to every z_j that the replica learns from, and, in column B, to its
// own anchor a_i = z_(B+i).
// Differences are squared, not expanded, so a distance is never negative.  z (R,2B,F)  distances (R,B,B+1).  One thread per pair.
// #include lib/knobs.wgsl
// #include lib/state.wgsl
// #include lib/compared.wgsl
struct Shape {
  batch: u32,      // B
  columns: u32,    // F / 4
  z_stride: u32,   // between replicas, in vec4
  row: u32,        // threads along x
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> z: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> distances: array<f32>;

@compute @workgroup_size(64)
fn contrastive_distance(@builtin(global_invocation_id) id: vec3u) {
  let pair = id.y * shape.row + id.x;
  let i = pair / (shape.batch + 1u);
  let j = pair % (shape.batch + 1u);
  let term = knobs[id.z].term;
  if (term == 2u || i >= rows_compared(term, state[id.z].whole_anchors, state[id.z].lambda, knobs[id.z].batch) || (j >= knobs[id.z].batch && j < shape.batch) || (term > 0u && j == shape.batch)) { return; }
  let a = id.z * shape.z_stride + i * shape.columns;
  let b = id.z * shape.z_stride + select(j, shape.batch + i, j == shape.batch) * shape.columns;
  var sum = vec4f();
  for (var c = 0u; c < shape.columns; c++) {
    let difference = z[a + c] - z[b + c];
    sum += difference * difference;
  }
  let scale = select(1.0, 1.0 / f32(4u * shape.columns), knobs[id.z].divided == 1u);
  distances[id.z * shape.batch * (shape.batch + 1u) + pair] = scale * dot(sum, vec4f(1.0));
}
