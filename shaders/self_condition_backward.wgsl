// dc += dlate, and what trains the weights of the self-condition: dtrained = learns · dlate, 0 in replicas whose method holds them.
// dlate, dc, dtrained (R,samples,C)  learns (R) of 0 or 1
struct Shape {
  samples: u32,
  columns: u32,        // C / 4
  stride: u32,         // between replicas, in vec4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dlate: array<vec4f>;
@group(0) @binding(2) var<storage, read> learns: array<f32>;
@group(0) @binding(3) var<storage, read_write> dc: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dtrained: array<vec4f>;

@compute @workgroup_size(64)
fn self_condition_backward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.samples * shape.columns) { return; }
  let at = id.z * shape.stride + id.x;
  dc[at] += dlate[at];
  dtrained[at] = learns[id.z] * dlate[at];
}
