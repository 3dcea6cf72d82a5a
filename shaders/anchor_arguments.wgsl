// Workgroup counts of the dispatches that also run over the anchors: as many samples as the replica with most anchors needs. After a step whose
// gradient was not finite all that there is room for, so that nothing of that step is left where no anchor comes.
// templates[i] = (groups along the fixed axis, units per sample, units per workgroup, axis of the samples)  arguments[i] = (x, y, z)
// #include lib/state.wgsl
struct Shape {
  replicas: u32,
  batch: u32,
  count: u32,      // dispatches
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> state: array<State>;
@group(0) @binding(2) var<storage, read> templates: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> arguments: array<u32>;

@compute @workgroup_size(32)
fn anchor_arguments(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.count) { return; }
  var most = 0u;
  for (var r = 0u; r < shape.replicas; r++) { most = max(most, select(state[r].anchors, shape.batch, state[r].finite == 0u && state[r].step > 0u)); }
  let template_ = templates[id.x];
  let groups = ((shape.batch + most) * template_.y + template_.z - 1u) / template_.z;
  arguments[3u * id.x] = select(template_.x, groups, template_.w == 0u);
  arguments[3u * id.x + 1u] = select(template_.x, groups, template_.w == 1u);
  arguments[3u * id.x + 2u] = shape.replicas;
}
