/** Every reading of LCF that the paper allows, on one net and batch, against PyTorch. */
import { describe, expect, test } from 'vitest'
import { loadConfig, loadTensors } from '../fixtures/load.ts'
import { digest, norm, relative } from '../support/compare.ts'
import { fixtureStep } from '../support/fixture_step.ts'

const { variants, parameters, objective } = loadConfig('lcf')
const expected = loadTensors('lcf', 'variants')

describe.each(Object.entries(variants))('%s', (variant, changes) => {
  const of = (key: string) => expected[`${variant}/${key}`].data

  test('losses, features and the gradient of every parameter', async () => {
    const result = await fixtureStep('lcf', changes)
    expect(Math.abs(result.lossFlow / of('loss_fm')[0] - 1), 'flow loss').toBeLessThan(5e-6)
    expect(Math.abs(result.lossContrastive / of('loss_contrastive')[0] - 1), 'contrastive loss').toBeLessThan(2e-5)
    expect(Math.abs(result.loss / of('loss')[0] - 1), 'loss').toBeLessThan(2e-5)
    if (!{ ...objective, ...changes }.normalise) expect(relative(result.features, of('features')), 'features').toBeLessThan(5e-6)

    const gradients = parameters.map(name => result.gradients[name].data)
    expect(Math.abs(Math.hypot(...gradients.map(norm)) / of('grad_norm')[0] - 1), 'gradient norm').toBeLessThan(2e-5)
    gradients.forEach((values, row) => {
      const [length, dot] = digest(values)
      const [expectedLength, expectedDot] = [of('digest')[2 * row], of('digest')[2 * row + 1]]
      expect(Math.abs(length - expectedLength) / expectedLength, `norm of ${parameters[row]}`).toBeLessThan(5e-5)
      expect(Math.abs(dot - expectedDot) / expectedLength, `dot product of ${parameters[row]}`).toBeLessThan(5e-5)
    })
  })
})

test('the variants differ from each other: no switch is dead', () => {
  const dots = Object.keys(variants).map(variant => Array.from(expected[`${variant}/digest`].data).join())
  expect(new Set(dots).size).toBe(dots.length)
})
