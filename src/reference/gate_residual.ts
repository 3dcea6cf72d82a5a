/** The residual step of a DiT block: the branch comes in through a gate per sample and channel. */

/** out = x + gate · branch.  x, branch (B,T,C), gate (B,C) -> out (B,T,C) */
export function gateResidualForward(x: Float64Array, gate: Float64Array, branch: Float64Array, B: number, T: number, C: number): Float64Array {
  const out = new Float64Array(B * T * C)
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      for (let c = 0; c < C; c++) {
        const i = (b * T + t) * C + c
        out[i] = x[i] + gate[b * C + c] * branch[i]
      }
    }
  }
  return out
}

/** Tangent of out along those of x, gate and branch: x' + gate' · branch + gate · branch' */
export function gateResidualTangent(
  gate: Float64Array, branch: Float64Array, xTangent: Float64Array, gateTangent: Float64Array, branchTangent: Float64Array, B: number, T: number, C: number,
): Float64Array {
  return gateResidualForward(gateResidualForward(xTangent, gateTangent, branch, B, T, C), gate, branchTangent, B, T, C)
}

/** gate (B,C), branch, dout (B,T,C) -> dx (B,T,C), dgate (B,C), dbranch (B,T,C) */
export function gateResidualBackward(gate: Float64Array, branch: Float64Array, dout: Float64Array, B: number, T: number, C: number) {
  const dgate = new Float64Array(B * C)
  const dbranch = new Float64Array(B * T * C)
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      for (let c = 0; c < C; c++) {
        const i = (b * T + t) * C + c
        dgate[b * C + c] += branch[i] * dout[i]
        dbranch[i] = gate[b * C + c] * dout[i]
      }
    }
  }
  return { dx: dout.slice(), dgate, dbranch }
}
