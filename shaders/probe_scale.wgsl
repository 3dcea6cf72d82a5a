// Mean and inverse standard deviation of each feature over the labelled rows of each probe, in two passes. A deviation that is nothing but
// float32 rounding gives 0: a feature that is the same for every image says nothing.
// x (G,N,C)  rows (S,capacity)  scale (P,2,C)  probe p = g S + s.  One thread per (probe, 4 features).
struct Shape {
  draws: u32,      // S: probes on the same features, each with its own labelled rows
  samples: u32,    // n
  capacity: u32,   // of rows
  images: u32,     // N
  columns: u32,    // C / 4
  normalise: u32,  // 0: mean 0, deviation 1
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> scale: array<vec4f>;

@compute @workgroup_size(64)
fn probe_scale(@builtin(global_invocation_id) id: vec3u) {
  let p = id.y;
  let c = id.x;
  if (c >= shape.columns) { return; }
  let to = p * 2u * shape.columns + c;
  if (shape.normalise == 0u) {
    scale[to] = vec4f();
    scale[to + shape.columns] = vec4f(1.0);
    return;
  }
  let image = (p / shape.draws) * shape.images * shape.columns + c;
  let first = (p % shape.draws) * shape.capacity;
  var sum = vec4f();
  for (var i = 0u; i < shape.samples; i++) { sum += x[image + rows[first + i] * shape.columns]; }
  let mean = sum / f32(shape.samples);
  var squares = vec4f();
  for (var i = 0u; i < shape.samples; i++) {
    let difference = x[image + rows[first + i] * shape.columns] - mean;
    squares += difference * difference;
  }
  let variance = squares / f32(shape.samples);
  let alive = variance > 1e-10 * mean * mean + vec4f(1e-30);
  scale[to] = mean;
  scale[to + shape.columns] = select(vec4f(), inverseSqrt(max(variance, vec4f(1e-30))), alive);
}
