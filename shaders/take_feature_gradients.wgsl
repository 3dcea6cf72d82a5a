// The other way round, once the term has been made of the whole batch: the gradient of this micro-batch's features, zero for anchors that are not there,
// and its rows of the term, but for replicas whose term reads no features (2), which have rows already.
// place (R,B)  all_dz (R,whole or 2 whole,F)  all_rows (R,whole)  dz (R,capacity,F)  rows (R,B).  One thread per (row of dz, 4 columns).
// #include lib/knobs.wgsl
// #include lib/state.wgsl
struct Shape {
  batch: u32,       // B
  capacity: u32,    // B, or 2 B with anchors
  columns: u32,     // F / 4
  whole: u32,       // samples of all micro-batches
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> place: array<u32>;
@group(0) @binding(4) var<storage, read> all_dz: array<vec4f>;
@group(0) @binding(5) var<storage, read> all_rows: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dz: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> rows: array<vec4f>;

@compute @workgroup_size(64)
fn take_feature_gradients(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x / shape.columns;
  if (row >= shape.capacity) { return; }
  let c = id.x % shape.columns;
  let anchor = row / shape.batch;
  let sample = row % shape.batch;
  let position = place[id.z * shape.batch + sample];
  var value = vec4f();
  if (anchor == 0u || sample < state[id.z].anchors) {
    value = all_dz[((id.z * shape.capacity / shape.batch + anchor) * shape.whole + position) * shape.columns + c];
  }
  dz[id.z * shape.capacity * shape.columns + id.x] = value;
  if (anchor == 0u && c == 0u && knobs[id.z].term != 2u) { rows[id.z * shape.batch + sample] = all_rows[id.z * shape.whole + position]; }
}
