/** A small seeded generator, so that every check can be repeated from its seed. Not the generator of training (Philox). */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** Uniform in (0, 1): a Weyl sequence through a 32-bit mixer, never exactly 0. */
  uniform(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0
    let bits = this.state
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    bits = (bits ^ (bits >>> 15)) >>> 0
    return (bits + 0.5) / 4294967296
  }

  /** Standard normal, Box and Muller's cosine branch. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  normals(count: number, scale = 1): Float64Array {
    return Float64Array.from({ length: count }, () => scale * this.normal())
  }

  uniforms(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => this.uniform())
  }
}
