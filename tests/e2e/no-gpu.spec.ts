import { expect, test } from './lab.ts'

test('without a GPU the page says which, what to do, and shows what it can @no-gpu', async ({ lab, page }) => {
  await lab.open('')
  const alert = page.getByRole('alert')
  await expect(alert.getByRole('heading', { name: 'Your browser supports WebGPU but offered no GPU.' })).toBeVisible()
  await expect(alert.getByText(/graphics acceleration/)).toBeVisible()
  await expect(lab.button('No training here')).toBeDisabled()
  await expect(page.getByRole('img', { name: /16 real images/ })).toBeVisible()
  await expect(lab.chart('lossByT').getByText('floor', { exact: true })).toBeVisible()
  await lab.expectNoAxeViolations()
  await lab.button('Try again').click()
  await expect(alert.getByRole('heading')).toBeVisible()
})

test('a browser without WebGPU is told so @no-gpu', async ({ lab, page }) => {
  // The worker looks for itself, so the property has to go before it starts.
  await page.route('**/*worker*', async (route) => {
    const response = await route.fetch()
    const body = `Object.defineProperty(Object.getPrototypeOf(navigator), 'gpu', { get: () => undefined, configurable: true });\n${await response.text()}`
    await route.fulfill({ response, body })
  })
  await lab.open('')
  await expect(page.getByRole('alert').getByRole('heading', { name: /This browser has no WebGPU|offered no GPU/ })).toBeVisible()
})
