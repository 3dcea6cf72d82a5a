// Image to tokens: each P×P patch becomes one row, padded with zeros to a multiple of 4.
// ORDER 0: (c,py,px), DiT's embedding input.  ORDER 1: (py,px,c), DiT's output; the two differ.
// image (R,samples,ch,h,w)  tokens (R,samples,T,Pv)   One thread per four values of a token. unpatchify is its adjoint.
const ORDER = 0u;  // specialised
struct Shape {
  samples: u32,
  channels: u32,
  size: u32,           // h = w
  side_of_patch: u32,          // P
  padded: u32,         // Pv / 4
  image_stride: u32,   // between replicas, in f32
  token_stride: u32,   // in vec4
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read_write> tokens: array<vec4f>;

@compute @workgroup_size(64)
fn patchify(@builtin(global_invocation_id) id: vec3u) {
  let side = shape.size / shape.side_of_patch;
  let part = id.x % shape.padded;
  let token = (id.x / shape.padded) % (side * side);
  let sample = id.x / (shape.padded * side * side);
  if (sample >= shape.samples) { return; }
  let area = shape.side_of_patch * shape.side_of_patch;
  var values = vec4f();
  for (var e = 0u; e < 4u; e++) {
    let at = 4u * part + e;
    if (at < area * shape.channels) {
      let channel = select(at % shape.channels, at / area, ORDER == 0u);
      let pixel = select(at / shape.channels, at % area, ORDER == 0u);
      let y = (token / side) * shape.side_of_patch + pixel / shape.side_of_patch;
      let x = (token % side) * shape.side_of_patch + pixel % shape.side_of_patch;
      values[e] = image[id.z * shape.image_stride + ((sample * shape.channels + channel) * shape.size + y) * shape.size + x];
    }
  }
  tokens[id.z * shape.token_stride + id.x] = values;
}
