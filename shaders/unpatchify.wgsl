// Tokens to image, the adjoint of patchify with the same ORDER. One thread per pixel.
// tokens (R,samples,T,Pv)  image (R,samples,ch,h,w)
const ORDER = 1u;  // specialised
struct Shape {
  samples: u32,
  channels: u32,
  size: u32,
  side_of_patch: u32,
  padded: u32,         // Pv / 4
  image_stride: u32,   // between replicas, in f32
  token_stride: u32,   // in vec4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> tokens: array<f32>;
@group(0) @binding(2) var<storage, read_write> image: array<f32>;

@compute @workgroup_size(64)
fn unpatchify(@builtin(global_invocation_id) id: vec3u) {
  let pixels = shape.size * shape.size;
  let sample = id.x / (pixels * shape.channels);
  if (sample >= shape.samples) { return; }
  let channel = (id.x / pixels) % shape.channels;
  let y = (id.x % pixels) / shape.size;
  let x = id.x % shape.size;
  let side = shape.size / shape.side_of_patch;
  let token = (y / shape.side_of_patch) * side + x / shape.side_of_patch;
  let pixel = (y % shape.side_of_patch) * shape.side_of_patch + x % shape.side_of_patch;
  let at = select(pixel * shape.channels + channel, channel * shape.side_of_patch * shape.side_of_patch + pixel, ORDER == 0u);
  image[id.z * shape.image_stride + id.x] = tokens[4u * (id.z * shape.token_stride + (sample * side * side + token) * shape.padded) + at];
}
