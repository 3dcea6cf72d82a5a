import { describe, expect, test } from 'vitest'
import { parseConfig, type ReplicaConfig, sections } from '../../src/config.ts'
import { ignoredBecause } from '../../src/store/catalog.ts'
import { type ConfigField, type NumberField, fields, narrowed } from '../../src/ui/controls/fields.ts'
import { readTyped } from '../../src/ui/controls/typed.ts'
import { neighbour, placeOf, places, valueAt } from '../../src/ui/controls/track.ts'

const all = Object.values(fields).flat()
const numbers = all.filter((field): field is ConfigField<NumberField> => field.kind === 'number')

test('every field of the schema has a control with a title, a sentence and its default', () => {
  expect(all.length).toBe(Object.values(sections).reduce((sum, section) => sum + Object.keys(section.shape).length, 0))
  for (const field of all) {
    expect(field.title, field.field).not.toBe('')
    expect(field.help, field.field).toMatch(/\.$/)
    const standard = (parseConfig({})[field.section] as Record<string, unknown>)[field.field]
    expect(field.standard, field.field).toBe(standard)
    if (field.kind === 'choice') expect(field.choices.map(({ value }) => value), field.field).toContain(standard)
  }
})

describe.each(numbers.map((field) => [`${field.section}.${field.field}`, field] as const))('the track of %s', (_, field) => {
  test('stays within the bounds and reaches both', () => {
    for (let place = 0; place <= places; place += 7) {
      const value = valueAt(place, field)
      expect(value).toBeGreaterThanOrEqual(field.min)
      expect(value).toBeLessThanOrEqual(field.max)
      if (field.integer) expect(Number.isInteger(value)).toBe(true)
    }
    expect(valueAt(0, field)).toBe(field.min)
    expect(valueAt(places, field)).toBeGreaterThanOrEqual(field.max - field.step)
  })

  test('never goes back', () => {
    let last = -Infinity
    for (let place = 0; place <= places; place++) {
      const value = valueAt(place, field)
      expect(value).toBeGreaterThanOrEqual(last)
      last = value
    }
  })

  test('the arrow keys always get somewhere, until the end', () => {
    let value = valueAt(0, field)
    let steps = 0
    while (value < field.max && steps++ < 200) {
      const next = neighbour(value, 1, field)
      if (next === value) break
      expect(next).toBeGreaterThan(value)
      value = next
    }
    expect(field.max - value).toBeLessThan(field.step + 1e-9 + field.max * 0.02)
  })
})

test('zero has a place of its own on a logarithmic track', () => {
  const tMin = numbers.find(({ field }) => field === 'tMin')!
  expect(valueAt(0, tMin)).toBe(0)
  expect(placeOf(0, tMin)).toBe(0)
  expect(placeOf(0.001, tMin)).toBeGreaterThan(30)
  expect(neighbour(0, 1, tMin)).toBeGreaterThan(0)
  expect(valueAt(placeOf(0.05, tMin), tMin)).toBe(0.05)
})

test('bounds follow the fields they depend on', () => {
  const config = parseConfig({ net: { blocks: 3, heads: 8, width: 64 }, objective: { layer: 2 } })
  const field = (name: string) => narrowed(numbers.find((candidate) => candidate.field === name)!, config)
  expect(field('layer').max).toBe(3)
  expect(field('width')).toMatchObject({ step: 32, min: 32 })
})

test('a knob that no chosen method reads says so', () => {
  const because = (field: string, ...replicas: ReplicaConfig[]) => ignoredBecause(field, parseConfig({ replicas }))
  expect(because('lambda', { method: 'fm' })).toContain('does not use')
  expect(because('lambda', { method: 'fm' }, { method: 'lcf' })).toBeNull()
  expect(because('tMin', { method: 'fm-truncated' })).toBeNull()
  expect(because('reduction', { method: 'fm' })).toBeNull()
  expect(because('b1', { method: 'fm' }, { method: 'fm', path: 'cosine' })).toBe('No effect: the linear and cosine paths have no such parameter.')
  expect(because('b1', { method: 'fm' }, { method: 'fm', path: 'vp' })).toBeNull()
  expect(because('timeMean', { method: 'fm' })).toContain('does not use')
  expect(because('timeMean', { method: 'fm' }, { method: 'fm', times: 'logit-normal' })).toBeNull()
})

test.each([
  ['64', 64, null],
  ['99999', 2048, '1 to 2,048; 2,048 taken'],
  ['-1', 1, '1 to 2,048; 1 taken'],
  ['10.4', 10, 'whole numbers; 10 taken'],
  ['abc', null, '“abc” is no number; left as it was'],
])('a batch typed as %s', (text, value, word) => {
  expect(readTyped(text, { min: 1, max: 2048, integer: true })).toEqual({ value, word })
})

test('a T_min typed in any way', () => {
  const bounds = { min: 0, max: 0.9, integer: false }
  expect(readTyped('2', bounds)).toEqual({ value: 0.9, word: '0 to 0.9; 0.9 taken' })
  expect(readTyped('5e-2', bounds)).toEqual({ value: 0.05, word: null })
  expect(readTyped('0,05', bounds)).toEqual({ value: 0.05, word: null })
})
