import { expect, test } from './lab.ts'

test('axe finds nothing in any view, dark @no-gpu', async ({ lab, page }) => {
  test.slow() // twenty views
  await page.unrouteAll() // the record as it is
  await page.emulateMedia({ colorScheme: 'dark' })
  await lab.open('')
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toBeVisible()
  const views = page.getByRole('tablist', { name: 'View' }).getByRole('tab')
  await expect(views.filter({ hasText: 'Claims' })).toBeVisible() // the charts come after the record's words
  let seen = 0
  for (const outer of await views.all()) {
    await outer.click()
    const inner = await page.getByRole('tablist', { name: (await outer.textContent())!, exact: true }).getByRole('tab').all()
    for (const tab of inner.length > 0 ? inner : [outer]) {
      await tab.click()
      await expect(page.getByRole('tabpanel', { name: (await tab.textContent())!, exact: true })).toBeVisible()
      await lab.expectNoAxeViolations()
      seen++
    }
  }
  expect(seen).toBeGreaterThan(20)
})

test('axe finds nothing in dialogs and menus with forced colours, and nothing moves when motion is reduced @no-gpu', async ({ lab, page }) => {
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
  await lab.open('')
  const check = async () => {
    await lab.expectNoAxeViolations()
    expect(await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').length)).toBe(0)
  }
  await expect(lab.chart('lossByT')).toBeVisible()
  await check()
  for (const name of ['About', 'Keyboard shortcuts', 'Self-test', 'Open', 'Sweep …']) {
    await lab.button(name).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await check()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
  await lab.chart('lossByT').getByRole('button', { name: /^Save / }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  await check()
  await page.keyboard.press('Escape')
  await page.getByRole('navigation', { name: 'Page' }).getByRole('button', { name: 'Runs' }).click()
  await expect(lab.button('Compare in a table')).toBeVisible()
  await check()
})
