// hand_round for subgroups of four.
fn hand_round(value: vec4f) -> array<vec4f, 4> {
  return array(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value));
}
