import { expect, test } from './lab.ts'

const what = /^What is this: /

test('every control and every chart says what it is, with a place in the papers @no-gpu', async ({ lab, page }) => {
  await page.unroute('**/studies/*')
  await lab.open('')
  await expect(page.locator('figure').first()).toBeVisible()
  for (const more of await page.getByRole('button', { name: /^More settings: / }).all()) await more.click()
  const fields = page.locator('[data-field]')
  expect(await fields.count()).toBeGreaterThan(40)
  for (const field of await fields.all()) await expect(field.getByRole('button', { name: what })).toHaveCount(1)

  for (const view of ['Overview', 'Over training', 'Condition', 'Probe', 'Features', 'Jacobian', 'Hessian']) {
    await lab.view(view)
    const figures = page.locator('figure')
    await expect(figures.first()).toBeVisible()
    for (const figure of await figures.all()) await expect(figure.getByRole('button', { name: what })).toHaveCount(1)
  }
})

test('an explanation opens by keyboard, with its formula; Escape closes it and the focus goes back @no-gpu', async ({ lab, page }) => {
  await page.unroute('**/studies/*')
  await lab.open('')
  const asked = page.locator('[data-field="objective.tau"]').getByRole('button', { name: what })
  const said = page.getByRole('dialog', { name: 'τ' })
  await asked.focus()
  await page.keyboard.press('Enter')
  await expect(said.getByText(/^Temperature/)).toBeVisible()
  await expect(said.locator('math')).toBeVisible()
  await expect(said.getByText('LCF eq. 14')).toBeVisible()
  await expect(asked).toHaveAttribute('aria-expanded', 'true')
  await lab.expectNoAxeViolations()
  await page.keyboard.press('Escape')
  await expect(said).toHaveCount(0)
  await expect(asked).toBeFocused()

  // One at a time; a second press closes what the first opened.
  await asked.click()
  await lab.chart('condition').getByRole('button', { name: what }).click()
  await expect(said).toHaveCount(0)
  const other = page.getByRole('dialog', { name: /^Slope: demanded and reached/ })
  await expect(other.locator('math')).toBeVisible()
  await expect(other.getByText(/LCF Prop\. 1/)).toBeVisible()
  await lab.chart('condition').getByRole('button', { name: what }).click()
  await expect(other).toHaveCount(0)

  // What no paper sets says so.
  await page.locator('[data-field="train.seed"]').getByRole('button', { name: what }).click()
  await expect(page.getByRole('dialog', { name: 'Seed' }).getByText('No paper sets this: it is a choice of this lab.')).toBeVisible()
})
