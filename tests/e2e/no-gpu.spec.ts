import { expect, test } from './lab.ts'

test('without a GPU the page says which, what to do, and shows what it can @no-gpu', async ({ lab, page }) => {
  await lab.open('')
  const alert = page.getByRole('alert')
  await expect(alert.getByRole('heading', { name: 'Your browser supports WebGPU but offered no GPU.' })).toBeVisible()
  await alert.getByRole('button', { name: 'What helps' }).click()
  await expect(alert.getByText(/graphics acceleration/)).toBeVisible()
  await expect(lab.button('Run')).toHaveCount(0)
  await expect(page.getByRole('img', { name: /16 real images/ })).toBeVisible()
  await expect(lab.chart('lossByT').getByText('floor', { exact: true })).toBeVisible()
  await lab.expectNoAxeViolations()
  await alert.getByRole('button', { name: 'Try again' }).click()
  await expect(alert.getByRole('heading')).toBeVisible()
})

test('a browser without WebGPU is told so @no-gpu', async ({ lab, page }) => {
  await lab.beforeWorker(`Object.defineProperty(Object.getPrototypeOf(navigator), 'gpu', { get: () => undefined, configurable: true })`)
  await lab.open('')
  await expect(page.getByRole('alert').getByRole('heading', { name: /This browser has no WebGPU/ })).toBeVisible()
  await lab.expectNoAxeViolations()
})

test('a page from plain http is told so @no-gpu', async ({ lab, page }) => {
  await lab.beforeWorker(`Object.defineProperty(globalThis, 'isSecureContext', { value: false })`)
  await lab.open('')
  await expect(page.getByRole('alert').getByRole('heading', { name: 'WebGPU needs https or localhost.' })).toBeVisible()
})

for (const [obstacle, words] of [['limits', 'This GPU is too small'], ['self-test', 'The GPU returned wrong numbers']] as const) {
  test(`the obstacle “${obstacle}” has its own words @no-gpu`, async ({ lab, page }) => {
    await lab.answerInstead('probe', { type: 'obstacle', obstacle, detail: 'Needed 128 MiB, found 64 MiB.' })
    await lab.open('')
    const alert = page.getByRole('alert')
    await expect(alert.getByRole('heading', { name: words })).toBeVisible()
    await alert.getByRole('button', { name: 'What helps' }).click()
    await expect(alert.getByText('Needed 128 MiB, found 64 MiB.')).toBeVisible()
    await expect(lab.button('Run')).toHaveCount(0)
  })
}

test('a worker that does not load is told, with a way to try again @no-gpu', async ({ lab, page }) => {
  await lab.beforeWorker(`throw new Error('broken on purpose')`)
  await lab.open('')
  await expect(page.getByRole('alert').getByText(/broken on purpose/)).toBeVisible()
  await expect(page.getByRole('alert').getByRole('button', { name: 'Try again' })).toBeEnabled()
})
