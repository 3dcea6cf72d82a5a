import { expect, test } from 'vitest'
import { diagnosticChoices } from '../../src/store/catalog.ts'
import { arranged, centralOf, setCentral, usual } from '../../src/store/central.ts'
import { useUi } from '../../src/store/ui.ts'

test('the overview has four diagnostics until the visitor chooses, in the order of the tabs', () => {
  expect(usual).toHaveLength(4)
  expect(centralOf(null)).toEqual(usual)
  const other = diagnosticChoices.find(({ id }) => !usual.includes(id))!.id
  setCentral(other, true)
  setCentral(usual[0], false)
  const order = diagnosticChoices.map(({ id }) => id)
  expect(centralOf(useUi.getState().central)).toEqual([...usual.slice(1), other].sort((a, b) => order.indexOf(a) - order.indexOf(b)))
  setCentral('nothing of the kind', true)
  expect(centralOf(useUi.getState().central)).toHaveLength(4)
})

test('whatever else the browser kept is left out', () => {
  expect(centralOf('condition')).toEqual(usual)
  expect(centralOf({ 0: 'probe' })).toEqual(usual)
  expect(centralOf([7, null, 'gone', 'probe', 'probe'])).toEqual(['probe'])
  expect(centralOf([])).toEqual([])
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
