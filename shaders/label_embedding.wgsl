// c += row y of the label table, and silu(c) beside it.  labels (R,samples)  table (R,K,C), or K+1 rows with one for no label  c, activated (R,samples,C)
// #include lib/activations.wgsl
struct Shape {
  samples: u32,
  columns: u32,        // C / 4
  labels_stride: u32,
  table_stride: u32,   // between replicas, in vec4
  c_stride: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> activated: array<vec4f>;

@compute @workgroup_size(64)
fn label_embedding(@builtin(global_invocation_id) id: vec3u) {
  let sample = id.x / shape.columns;
  if (sample >= shape.samples) { return; }
  let label = labels[id.z * shape.labels_stride + sample];
  let at = id.z * shape.c_stride + id.x;
  let value = c[at] + table[id.z * shape.table_stride + label * shape.columns + id.x % shape.columns];
  c[at] = value;
  activated[at] = silu(value);
}
