// dtable[k] = Σ over the samples with label k of dc. One thread per (row, 4 columns): one writer, fixed order.
struct Shape {
  samples: u32,
  rows: u32,           // K, or K + 1 with one for no label
  columns: u32,        // C / 4
  labels_stride: u32,
  table_stride: u32,   // between replicas, in vec4
  c_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> dc: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dtable: array<vec4f>;

@compute @workgroup_size(64)
fn label_embedding_backward(@builtin(global_invocation_id) id: vec3u) {
  let label = id.x / shape.columns;
  if (label >= shape.rows) { return; }
  var sum = vec4f();
  for (var sample = 0u; sample < shape.samples; sample++) {
    if (labels[id.z * shape.labels_stride + sample] == label) { sum += dc[id.z * shape.c_stride + sample * shape.columns + id.x % shape.columns]; }
  }
  dtable[id.z * shape.table_stride + id.x] = sum;
}
