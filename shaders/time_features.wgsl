// 256 features of 1000 t: cos then sin of 1000 t · 10000^(−k/128), k < 128 (DiT's timestep embedding).
// At t near 0 every digit of t counts, so the angle in turns is built from exact products of 12-bit halves and only then reduced.
// t (R,samples)  frequencies (128) of (high, low) = 1000·10000^(−k/128)/2π split in two  features (R,samples,256)
// #include lib/trigonometry.wgsl
struct Shape {
  samples: u32,
  t_stride: u32,         // between replicas
  features_stride: u32,  // in f32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> t: array<f32>;
@group(0) @binding(2) var<storage, read> frequencies: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> features: array<f32>;

@compute @workgroup_size(64)
fn time_features(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x % 128u;
  let sample = id.x / 128u;
  if (sample >= shape.samples) { return; }
  let noise_level = t[id.z * shape.t_stride + sample];
  let high = bitcast<f32>(bitcast<u32>(noise_level) & 0xfffff000u);
  let low = noise_level - high;
  let frequency = frequencies[k];
  let turns = fract(high * frequency.x) + fract(low * frequency.x) + noise_level * frequency.y;
  let value = cos_sin_turns(turns);
  let to = id.z * shape.features_stride + sample * 256u + k;
  features[to] = value.x;
  features[to + 128u] = value.y;
}
