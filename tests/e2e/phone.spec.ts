import { expect, test } from './lab.ts'

test('on a phone: one chart at a time, the run bar under the thumb @phone', async ({ lab, page }) => {
  await lab.open()
  await expect(lab.button('Run')).toBeEnabled()
  await expect(page.locator('figure')).toHaveCount(1)
  expect(await lab.shift()).toBeLessThanOrEqual(0.05)
  await lab.expectNoAxeViolations()
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)

  await lab.run(20)
  await page.getByRole('tab', { name: 'Over steps' }).click()
  await expect(lab.chart('steps').locator('.trace').first()).toBeVisible()
  await page.getByRole('tab', { name: 'Samples' }).click()
  await expect(page.getByRole('img', { name: /samples of FM/ })).toBeVisible()
  await lab.pause()
  await lab.expectNoAxeViolations()

  const bar = await lab.button('Go on').boundingBox()
  expect(bar!.height).toBeGreaterThanOrEqual(44)
  expect(bar!.y + bar!.height).toBeLessThanOrEqual(844)
})
