// Standard normal noise of each sample, from counters alone: anchors share the noise of their sample, unless fresh noise is asked for.
// eps (R,samples,d), four values per counter.  source (R,capacity): the sample's number.  One thread per four values.
// #include lib/philox.wgsl
// #include lib/knobs.wgsl
// #include lib/state.wgsl
struct Shape {
  samples: u32,
  dimensions: u32,   // d
  capacity: u32,     // between replicas
  batch: u32,        // samples from here on are anchors
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> source: array<u32>;
@group(0) @binding(4) var<storage, read_write> eps: array<f32>;

@compute @workgroup_size(64)
fn noise(@builtin(global_invocation_id) id: vec3u) {
  let parts = (shape.dimensions + 3u) / 4u;
  let sample = id.x / parts;
  let part = id.x % parts;
  if (sample >= shape.samples) { return; }
  let place = id.z * shape.capacity + sample;
  let stream = select(STREAM_NOISE, STREAM_FRESH_NOISE, sample >= shape.batch && knobs[id.z].fresh_noise == 1u);
  let values = normals(philox(vec4u(source[place] * parts + part, state[id.z].step, stream, 0u), vec2u(knobs[id.z].seed, 0u)));
  for (var e = 0u; e < min(4u, shape.dimensions - 4u * part); e++) { eps[place * shape.dimensions + 4u * part + e] = values[e]; }
}
