// Adds the S gradient planes in order, and squares the result into one partial sum per workgroup.
// ADDS 1: the batch comes in micro-batches, and this adds to what those before it left in `gradients`.
// planes (S,R,parameters)  gradients (R,parameters)  partials (R,GROUPS)
// #include lib/state.wgsl
const LANES = 64u;
const GROUPS = 64u;
const ADDS = 0u;  // specialised
struct Shape {
  length: u32,        // parameters / 4
  slices: u32,        // S
  slice_stride: u32,  // R · parameters / 4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> planes: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> gradients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
@group(0) @binding(4) var<storage, read> state: array<State>;

var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn gradient_reduce(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  var squares = 0.0;
  for (var i = group.x * LANES + lane.x; i < shape.length; i += LANES * GROUPS) {
    let at = group.z * shape.length + i;
    var sum = planes[at];
    for (var s = 1u; s < shape.slices; s++) { sum += planes[s * shape.slice_stride + at]; }
    if (ADDS == 1u) { sum += select(vec4f(), gradients[at], state[group.z].part > 0u); }
    gradients[at] = sum;
    squares += dot(sum, sum);
  }
  partial[lane.x] = squares;
  for (var half = select(LANES / 2u, 0u, shape.slices == 0u); half > 0u; half /= 2u) {  // not written out, as in optimizer_begin
    workgroupBarrier();
    if (lane.x < half) { partial[lane.x] += partial[lane.x + half]; }
  }
  if (lane.x == 0u) { partials[group.z * GROUPS + group.x] = partial[0]; }
}
