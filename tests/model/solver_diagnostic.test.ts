/** The diagnostic of the sampler's error on nets whose field is known: untrained ones stand still, so every solver is exact and every way is straight. */
import { expect, test } from 'vitest'
import { sessions } from '../support/sessions.ts'

const { create } = sessions()

test('errors fall with the order of the solver, and on the Gaussian as its order says', async () => {
  const session = await create()
  await session.advance(20)
  const { panels } = await session.measure('solver', { images: 2, doublings: 3, reference: 128 })
  const [error, steps, straight, gaussian] = panels
  const of = (label: string, replica: number) => error.curves.find(curve => curve.label === label && curve.replica === replica)!
  for (const replica of [0, 1]) {
    expect(of('Euler', replica).x).toEqual([4, 8, 16, 32])
    expect(of('Heun', 0).x).toEqual([7, 15, 31, 63])
    expect(of('Euler', replica).y.at(-1)!).toBeLessThan(of('Euler', replica).y[0]!)
    expect(of('RK4', replica).y.at(-1)!).toBeLessThan(of('Euler', replica).y.at(-1)!)
  }
  expect(error.notes.at(-1)).toMatch(/steps taken back \(\d+, \d+ at the last\)\. Steps taken .* could not be shorter: 0, 0\.$/)
  for (const { x, y } of steps.curves) {
    const passed = y.reduce<number>((sum, h) => sum + h!, 0)
    expect(passed).toBeCloseTo(1, 5)
    expect(x.at(-1)).toBe(0)
  }
  for (const { y } of straight.curves) expect(Math.max(...y.map(value => value!))).toBeGreaterThan(0)
  const slope = ({ x, y }: (typeof gaussian.curves)[number]) => Math.log2(y.at(-2)! / y.at(-1)!) / Math.log2(x.at(-1)! / x.at(-2)!)
  expect(slope(gaussian.curves.find(({ label }) => label.startsWith('Euler'))!)).toBeCloseTo(1, 1)
  expect(slope(gaussian.curves.find(({ label }) => label.startsWith('RK4'))!)).toBeGreaterThan(3)
}, 60_000)

test('a field that stands still has no error, and a reference too near to what it judges is refused', async () => {
  const session = await create()
  const { panels: [error, , straight] } = await session.measure('solver', { images: 2, doublings: 1, reference: 16 })
  for (const { y } of error.curves) expect(y.every(value => value === null)).toBe(true) // nothing that a logarithm could show
  for (const { y } of straight.curves) for (const value of y) expect(value).toBe(0)
  expect(() => session.measure('solver', { doublings: 4, reference: 64 })).toThrow(/64 steps is too near the 64 steps/)
})
