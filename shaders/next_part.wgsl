// Counts a micro-batch whose features were looked at; after the last the first is next again.  One thread per replica.
// #include lib/state.wgsl
struct Shape {
  replicas: u32,
  parts: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> state: array<State>;

@compute @workgroup_size(64)
fn next_part(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < shape.replicas) { state[id.x].part = (state[id.x].part + 1u) % shape.parts; }
}
