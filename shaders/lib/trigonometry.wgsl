// cos and sin of an angle given in turns. WGSL only bounds its own sin and cos by 2^-11 inside (-pi, pi); these polynomials hold
// 1e-7 on every adapter, and the same bits.

fn cos_sin_turns(turns: f32) -> vec2f {
  let quadrant = round(turns * 4.0);
  let x = (turns - quadrant * 0.25) * 6.283185307179586;  // within ±pi/4; the subtraction is exact
  let z = x * x;
  let s = x + x * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  switch (i32(quadrant) & 3) {
    case 0: { return vec2f(c, s); }
    case 1: { return vec2f(-s, c); }
    case 2: { return vec2f(-c, -s); }
    default: { return vec2f(s, -c); }
  }
}
