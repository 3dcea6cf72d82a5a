// Features of a micro-batch, put where they stand among those of the whole batch: samples at their places, anchors as many rows behind as that has samples.
// z (R,capacity,F)  place (R,B)  all (R,whole or 2 whole,F).  One thread per (row of z, 4 columns).
// #include lib/state.wgsl
struct Shape {
  batch: u32,       // B
  capacity: u32,    // B, or 2 B with anchors
  columns: u32,     // F / 4
  whole: u32,       // samples of all micro-batches
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> state: array<State>;
@group(0) @binding(2) var<storage, read> place: array<u32>;
@group(0) @binding(3) var<storage, read> z: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> all: array<vec4f>;

@compute @workgroup_size(64)
fn keep_features(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x / shape.columns;
  if (row >= shape.batch + state[id.z].anchors || row >= shape.capacity) { return; }
  let anchor = row / shape.batch;
  let to = (id.z * shape.capacity / shape.batch + anchor) * shape.whole + place[id.z * shape.batch + row % shape.batch];
  all[to * shape.columns + id.x % shape.columns] = z[id.z * shape.capacity * shape.columns + id.x];
}
