// What later blocks are conditioned on: late += c, for late holds what the bottleneck's features say, and silu(late) beside it.
// c (R,capacity,C)  late, activated (R,samples,C)
// #include lib/activations.wgsl
struct Shape {
  samples: u32,
  columns: u32,        // C / 4
  c_stride: u32,       // between replicas, in vec4
  late_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> c: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> late: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> activated: array<vec4f>;

@compute @workgroup_size(64)
fn self_condition(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.samples * shape.columns) { return; }
  let at = id.z * shape.late_stride + id.x;
  let value = late[at] + c[id.z * shape.c_stride + id.x];
  late[at] = value;
  activated[at] = silu(value);
}
