import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { diagnosticChoices, presets } from '../../src/store/catalog.ts'
import { arranged, centralOf, setCentral, usual } from '../../src/store/central.ts'
import { useUi } from '../../src/store/ui.ts'

const configOf = (id: string) => parseConfig(presets.find((preset) => preset.id === id)!.config)
const opening = usual(configOf('gratings'), { recorded: false, measured: [] })

test('the overview has four diagnostics until the visitor chooses, in the order of the tabs', () => {
  expect(opening).toEqual(['condition', 'probe', 'features', 'jacobian'])
  const other = diagnosticChoices.find(({ id }) => !opening.includes(id))!.id
  setCentral(other, true)
  setCentral(opening[0], false)
  const order = diagnosticChoices.map(({ id }) => id)
  expect(centralOf(useUi.getState().central, [])).toEqual([...opening.slice(1), other].sort((a, b) => order.indexOf(a) - order.indexOf(b)))
  setCentral('nothing of the kind', true)
  expect(centralOf(useUi.getState().central, [])).toHaveLength(4)
})

test('without a choice it has what there is to see: points first, nothing that is off, of a record what was measured', () => {
  expect(usual(configOf('plane'), { recorded: false, measured: [] })).toEqual(['plane', 'condition', 'gradients'])
  expect(usual(configOf('plane'), { recorded: false, measured: ['solver'] })).toEqual(['plane', 'condition', 'gradients', 'solver'])
  expect(usual(configOf('guidance'), { config: configOf('guidance'), recorded: true, measured: ['classes'] })).toEqual(['condition', 'classes'])
  expect(usual(configOf('gratings'), { config: configOf('plane'), recorded: true, measured: ['plane'] })).toEqual(['plane', 'condition'])
  expect(usual({ ...configOf('gratings'), measures: diagnosticChoices.map(({ id }) => ({ id, every: 0 })) }, { recorded: false, measured: [] })).toHaveLength(4)
})

test('whatever else the browser kept is left out', () => {
  expect(centralOf('condition', opening)).toEqual(opening)
  expect(centralOf({ 0: 'probe' }, opening)).toEqual(opening)
  expect(centralOf([7, null, 'gone', 'probe', 'probe'], opening)).toEqual(['probe'])
  expect(centralOf([], opening)).toEqual([])
})

test('a subject opens where there is something to see, and what is refused stands last', () => {
  const views = ['plane', 'quality', 'solver'].map((name) => ({ name }))
  const names = (refused: string[], seen: string[]) => {
    const { views: ordered, opens } = arranged(views, new Set(refused), new Set(seen))
    return [ordered.map(({ name }) => name).join(' '), opens.name]
  }
  expect(names(['plane'], [])).toEqual(['quality solver plane', 'quality'])
  expect(names([], ['solver'])).toEqual(['plane quality solver', 'solver'])
  expect(names(['plane', 'solver'], ['plane', 'solver'])).toEqual(['quality plane solver', 'quality'])
})
