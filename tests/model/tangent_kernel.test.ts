/** The tangent kernel J Jᵀ and Gauss-Newton 2/(n d) Jᵀ J of the same samples have the same eigenvalues: one dense, one by Lanczos. */
import { expect, test } from 'vitest'
import { lanczos, symmetricEigenvalues } from '../../src/diagnostics/lanczos.ts'
import { recordGaussNewton } from '../../src/model/gauss_newton.ts'
import { recordTangentKernel } from '../../src/model/tangent_kernel.ts'
import { FrozenNet } from '../support/frozen_net.ts'

test.each([0, 3])('the greatest eigenvalue of each replica, dense and by Lanczos, %i classes', async classes => {
  await FrozenNet.with({ size: 4, patch: 2, width: 16, blocks: 2, heads: 2, classes }, async net => {
    const [samples, R] = [2, FrozenNet.replicas]
    const outputs = samples * 16
    const product = net.another()
    const kernelProduct = net.another()
    const newton = recordGaussNewton(product, net.training, { samples, weights: net.training.optimizer.ema, forward: net.recorder })
    const kernel = recordTangentKernel(kernelProduct, net.training, { samples, weights: net.training.optimizer.ema, forward: net.recorder, input: newton.frozen })
    await net.lay(product, kernelProduct)
    net.show(newton.frozen)
    net.replay()

    const columns: Float32Array[][] = Array.from({ length: R }, () => [])
    for (let k = 0; k < outputs; k++) {
      net.write(kernel.direction, Float32Array.from({ length: R * outputs }, (_, i) => (i % outputs === k ? 1 : 0)))
      net.replay(kernelProduct)
      for (let r = 0; r < R; r++) columns[r].push(await net.part(kernel.product, outputs, r))
    }
    const { length } = net.training.layout
    const found = await lanczos(async vectors => {
      net.write(newton.direction.tensor, Float32Array.from({ length: R * length }, (_, i) => vectors[Math.floor(i / length)][i % length]))
      net.replay(product)
      return Promise.all(vectors.map((_, r) => net.part(newton.product, length, r)))
    }, { count: R, length, steps: outputs, seed: 1 })

    for (let r = 0; r < R; r++) {
      const gram = Float64Array.from({ length: outputs ** 2 }, (_, i) => columns[r][Math.floor(i / outputs)][i % outputs])
      for (let i = 0; i < outputs; i++) for (let j = 0; j < i; j++) expect(Math.abs(gram[i * outputs + j] - gram[j * outputs + i])).toBeLessThan(1e-4 * Math.sqrt(gram[i * outputs + i] * gram[j * outputs + j]))
      const exact = symmetricEigenvalues(gram, outputs).map(value => (2 / outputs) * value)
      expect(exact.at(-1)!).toBeGreaterThan(-1e-5 * exact[0])
      for (let k = 0; k < 5; k++) expect(Math.abs(found[r].ritz[k] / exact[k] - 1), `replica ${r}, eigenvalue ${k}`).toBeLessThan(1e-3)
    }
    expect(columns[0][0][0]).not.toBeCloseTo(columns[1][0][0], 3) // each replica its own weights
  })
}, 60_000)
