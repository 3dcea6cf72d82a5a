/** What settings that are not taken are told: the field, what is accepted, and what was given. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, parseConfig, sections } from '../../src/config.ts'
import { diagnosticOf, diagnostics, parseSettings } from '../../src/diagnostics/index.ts'

test.each<[object, string]>([
  [{ evaluate: { atol: 0 } }, 'evaluate.atol: must be from 1e-7 to 1, not 0'],
  [{ evaluate: { rtol: -1 } }, 'evaluate.rtol: must be from 1e-7 to 1, not -1'],
  [{ evaluate: { solverSteps: 0 } }, 'evaluate.solverSteps: must be a whole number from 2 to 1,000, not 0'],
  [{ evaluate: { guidanceFrom: -0.1 } }, 'evaluate.guidanceFrom: must be from 0 to 1, not -0.1'],
  [{ evaluate: { guidanceTo: 1.5 } }, 'evaluate.guidanceTo: must be from 0 to 1, not 1.5'],
  [{ evaluate: { solver: 'newton' } }, 'evaluate.solver: must be one of euler, midpoint, heun, rk4, dopri5, sde, not “newton”'],
  [{ train: { batch: 2.5 } }, 'train.batch: must be a whole number from 1 to 2,048, not 2.5'],
  [{ train: { learningRate: Number.NaN } }, 'train.learningRate: must be from 0 to 1, not NaN'],
  [{ train: { learningRate: '0.1' } }, 'train.learningRate: must be from 0 to 1, not “0.1”'],
  [{ train: { seed: 2 ** 32 } }, 'train.seed: must be a whole number from 0 to 4,294,967,295, not 4294967296'],
  [{ net: { patch: 3 } }, 'net.patch: must be one of 1, 2, 4, 8, not 3'],
  [{ net: { attention: 1 } }, 'net.attention: must be true or false, not 1'],
  [{ net: [] }, 'net: must be an object, not a list'],
  [{ net: { widht: 8 } }, 'net: “widht” is not known here'],
  [{ data: { dataset: 3 } }, 'data.dataset: must be text, not 3'],
  [{ data: { dataset: '' } }, 'data.dataset: must not be empty'],
  [{ replicas: [] }, 'replicas: must not be empty'],
  [{ replicas: [{ label: 'x'.repeat(41) }] }, 'replicas.0.label: must have at most 40 letters'],
  [{ measures: [{ id: 'probe', settings: { t: null } }] }, 'measures.0.settings.t: cannot be null'],
])('%j: %s', (input, sentence) => {
  expect(() => parseConfig(input)).toThrow(new ConfigError(sentence))
})

test.each<[string, Record<string, number | string | boolean>, string]>([
  ['windows', { length: 1.5 }, 'windows.length: must be from 0.05 to 1, not 1.5'],
  ['windows', { windows: 0 }, 'windows.windows: must be a whole number from 2 to 16, not 0'],
  ['windows', { drop: -1 }, 'windows.drop: must be from 0 to 20, not -1'],
  ['hybrid', { t: '0.5 1.5' }, 'hybrid.t: takes 1 to 64 noise levels from 0 to 1, such as 0.001 0.03 0.1'],
  ['guided', { w: '1 20' }, 'guided.w: takes 1 to 64 strengths of guidance from 0 to 10, such as 1 2 4'],
  ['probe', { images: 300 }, 'probe.images: must be a multiple of 128, not 300'],
  ['probe', { nothing: 1 }, 'probe: “nothing” is not known here'],
])('%s %j: %s', (id, settings, sentence) => {
  expect(() => parseSettings(diagnosticOf(id), settings)).toThrow(new ConfigError(sentence))
})

test('whatever a field is given, it is told in the lab’s own words', () => {
  const schemas = [...Object.values(sections), ...Object.values(diagnostics).map(({ settings }) => settings)]
  for (const [field, schema] of schemas.flatMap(({ shape }) => Object.entries(shape))) {
    for (const value of [-1e9, 1e12, 0.123456, Number.NaN, Number.POSITIVE_INFINITY, 'nonsense', '', true, null, [], {}]) {
      const issues = (schema as z.ZodType).safeParse(value).error?.issues ?? []
      for (const { message } of issues) expect(message, `${field} ${JSON.stringify(value)}`).toMatch(/^(must (be|have|not be) |cannot be |takes )/)
    }
  }
})
