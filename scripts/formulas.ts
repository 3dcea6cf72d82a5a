/** Every formula that the page may show, as MathML. The page has the result in src/ui/formulas/formulas.json; a test holds the two together. */
import katex from 'katex'
import { sections } from '../src/config.ts'
import { diagnostics } from '../src/diagnostics/index.ts'
import { methods } from '../src/methods/index.ts'
import { chartWords } from '../src/ui/charts/words.ts'
import { fieldsOf } from '../src/ui/controls/fields.ts'
import { steps } from '../src/ui/lesson/lowNoise.ts'

/** LaTeX of every place that states a formula. */
export function formulasUsed(): string[] {
  const schemas = [...Object.values(sections), ...Object.values(diagnostics).map(({ settings }) => settings)]
  const all = [
    ...schemas.flatMap((schema) => fieldsOf(schema).map(({ formula }) => formula)),
    ...Object.values(diagnostics).flatMap(({ formulas }) => Object.values(formulas ?? {})),
    ...Object.values(methods).map(({ formula }) => formula),
    ...Object.values(chartWords).map(({ formula }) => formula),
    ...steps.map(({ formula }) => formula),
  ]
  return [...new Set(all.filter((latex) => latex !== undefined))].sort()
}

/** @throws ParseError naming the formula that is not LaTeX */
export function formulasWritten(): Record<string, string> {
  return Object.fromEntries(formulasUsed().map((latex) => [latex, katex.renderToString(latex, { output: 'mathml', displayMode: true, throwOnError: true, strict: 'error' })]))
}
