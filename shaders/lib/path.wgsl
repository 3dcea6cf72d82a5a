// Where x_t = α x0 + β ε stands: α, β, α′, β′ of replica r's path at level t, with W = αβ′ − α′β; on the linear path 1−t, t, −1, 1 and 1, in these very bits.
// Other paths are polynomials, eight to an octave of t (src/flow/path_table.ts): the exponent and the first three bits of t choose one, its other bits
// are the place in it. What includes this binds `paths` and says by PATHS whether any replica's path is not linear.
const PATH_ROWS = 817u;             // vec4 of a path: whether it is linear, then six of each of 17 × 8 polynomials
const LEAST_LEVEL = 0x37000000u;    // 2^-17; lower levels count as this one

struct Place {
  alpha: f32,
  beta: f32,
  dalpha: f32,
  dbeta: f32,
  w: f32,
}

// What conversions from an image or a noise divide by at least: c on the linear path, as in JiT (arXiv 2511.13720). On any path the velocity is then no more
// than 1/c times as far off as the answer, or as much more as the velocity itself is larger than 1.
fn least_denominator(path: Place, c: f32) -> f32 { return c * path.w / max(1.0, max(abs(path.dalpha), abs(path.dbeta))); }

fn place_on(r: u32, t: f32) -> Place {
  let start = r * PATH_ROWS;
  if (PATHS == 0u || paths[start].x > 0.0) { return Place(1.0 - t, t, -1.0, 1.0, 1.0); }
  let bits = clamp(bitcast<u32>(t), LEAST_LEVEL, 0x3f7fffffu);
  let first = start + 1u + 6u * ((bits - LEAST_LEVEL) >> 20u);
  let u = f32(bits & 0xfffffu) / 524288.0 - 1.0;
  var value = paths[first + 5u];
  for (var k = 0u; k < 5u; k++) { value = paths[first + 4u - k] + u * value; }
  return Place(value.x, value.y, value.z, value.w, value.x * value.w - value.z * value.y);
}
