// What the threads of a subgroup of eight have, as seen by each: [l] is that of thread (this ^ l).
fn hand_round(value: vec4f) -> array<vec4f, 8> {
  let other = subgroupShuffleXor(value, 4u);
  return array(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value), other, quadSwapX(other), quadSwapY(other), quadSwapDiagonal(other));
}
