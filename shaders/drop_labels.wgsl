// Labels left out with probability p, so that one net also learns the field without them (classifier-free guidance, arXiv 2207.12598; DiT §3.1):
// such a label becomes K, the row behind the classes'. The draw belongs to the sample's number, so that an anchor loses its label with its sample.
// NEGATIVES 1: in replicas that skip them, these samples are pushed from none.
// source, labels (R,capacity)  negative (R,B)
// #include lib/philox.wgsl
// #include lib/knobs.wgsl
// #include lib/state.wgsl
const NEGATIVES = 0u;  // specialised
const NONE = 0xffffffffu;
struct Shape {
  samples: u32,
  capacity: u32,
  batch: u32,         // B
  none: u32,          // K
  probability: f32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> source: array<u32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> negative: array<u32>;

@compute @workgroup_size(64)
fn drop_labels(@builtin(global_invocation_id) id: vec3u) {
  let r = id.z;
  if (id.x >= shape.samples) { return; }
  let place = r * shape.capacity + id.x;
  let number = source[place];
  let word = philox(vec4u(number / 4u, state[r].step, STREAM_LABEL_DROP, 0u), vec2u(knobs[r].seed, 0u))[number % 4u];
  if (uniform_open(word) >= shape.probability) { return; }
  labels[place] = shape.none;
  if (NEGATIVES == 1u && knobs[r].null_skip == 1u && id.x < shape.batch) { negative[r * shape.batch + id.x] = NONE; }
}
