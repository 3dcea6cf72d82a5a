// Labels of the drawn images.  row, labels (R,capacity)  classes (images)
struct Shape {
  samples: u32,
  capacity: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> row: array<u32>;
@group(0) @binding(2) var<storage, read> classes: array<u32>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(64)
fn gather_labels(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.samples) { return; }
  labels[id.z * shape.capacity + id.x] = classes[row[id.z * shape.capacity + id.x]];
}
