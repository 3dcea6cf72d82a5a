import { readFile } from 'node:fs/promises'
import { expect, test, tiny } from './lab.ts'

/** Few pairs, few levels, often: so that something is measured soon even here. */
const quick = new URLSearchParams(tiny)
quick.set('evaluate.measure', 'true')
quick.set('data.heldOut', '128')
quick.set('measures', 'condition:20,levels:4,pairs:8;probe:0;features:0;jacobian:0,levels:3,images:8,probes:1;hessian:0;latents:0;propositions:0')

const settings = decodeURIComponent(quick.toString()) // as the page writes it

test('what a net does about the condition number comes in while it trains, and can be replayed', async ({ lab, page }) => {
  await lab.open(settings)
  const chart = lab.chart('condition')
  await expect(chart.locator('.recharts-line')).toHaveCount(2) // demanded and bound, before any run
  await lab.run(45)
  await expect(chart.locator('.recharts-line')).toHaveCount(4)
  await lab.pause()
  await lab.expectNoAxeViolations()

  const replay = page.getByRole('slider', { name: 'Training step shown' })
  await expect(replay).toHaveAttribute('aria-valuetext', /the latest$/)
  await replay.press('Home')
  await expect(replay).toHaveAttribute('aria-valuetext', 'step 10')
  await replay.press('ArrowRight')
  await expect(chart.getByText('Step 20, took', { exact: false })).toBeVisible()
  await expect(lab.chart('lossByT').getByText('Step 20;', { exact: false })).toBeVisible()
  await replay.press('End')
  await expect(chart.getByText(/^Step (40|60|80), took/)).toBeVisible()

  await page.getByRole('button', { name: 'Slope: demanded and reached as table' }).click()
  await expect(chart.locator('tbody tr')).toHaveCount(4)
  await expect(chart.locator('tbody tr').first().locator('td').first()).toHaveText('1,000')
})

test('one diagnostic on request, with its numbers as a file; bad settings are refused where they stand', async ({ lab, page }) => {
  await lab.open(settings)
  await lab.run(5)
  await lab.pause()
  await lab.view('Jacobian')
  await expect(page.getByText(/training steps’ work/)).toBeVisible()
  await lab.button('Measure now').click()
  await expect(page.getByText(/^Step \d+, took/)).toBeVisible({ timeout: 60_000 })
  await expect(lab.announcement).toHaveText(/measured at step \d+\./)
  await expect(page.locator('figure').first().locator('.recharts-line').first()).toBeVisible()
  await lab.expectNoAxeViolations()

  await page.getByRole('button', { name: /^Save / }).first().click()
  const coming = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Numbers (CSV)' }).click()
  const text = await readFile(await (await coming).path(), 'utf8')
  expect(text).toMatch(/^# .*\n# Low-Noise Lab [\d.]+ · settings [0-9a-f]{8} · seed 0 · step \d+ · .*\n# http.*#.*\nseries,kind,[^,]*t,/)
  await page.getByRole('button', { name: /^Save / }).first().click()
  const picture = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Picture (SVG)' }).click()
  expect(await readFile(await (await picture).path(), 'utf8')).toMatch(/^<svg[\s\S]*<path[\s\S]*settings [0-9a-f]{8}[\s\S]*<\/svg>$/)

  await lab.view('Condition')
  const pairs = page.getByRole('textbox', { name: 'Pairs, value' })
  await pairs.fill('1024')
  await pairs.press('Enter')
  await expect(page.getByText('1024 pairs are more than the 128 held-out images', { exact: false })).toBeVisible()
  await expect(lab.button('Measure now')).toBeDisabled()
  await expect(page).toHaveURL(/measures=.*pairs:1024/)
})

test('a long measurement shows how far it is, and can be cancelled; the run is untouched', async ({ lab, page }) => {
  const long = settings.replace('condition:20,levels:4,pairs:8', 'condition:0,levels:64,pairs:128')
  await lab.open(long)
  await lab.run(5)
  const step = await lab.pause()
  await lab.view('Condition')
  await lab.button('Measure now').click()
  await expect(page.getByRole('progressbar', { name: 'Measured' })).toBeVisible()
  await lab.button('Cancel').click()
  await expect(lab.button('Measure now')).toBeEnabled()
  await expect(page.getByText(/^Step \d+, took/)).toHaveCount(0)
  expect(await lab.steps()).toBe(step)
  await lab.button('Go on').click()
  await lab.atLeast(step + 1)
})

test('a diagnostic that fails says so in its place, and the run goes on', async ({ lab, page }) => {
  await lab.beforeWorker(`addEventListener('message', (event) => { if (event.data.type !== 'measure' || event.data.theory) return; event.stopImmediatePropagation(); postMessage({ type: 'fault', kind: 'measure', id: event.data.id, message: 'No room on the bench.' }) })`)
  await lab.open(`${tiny}&measures=condition,pairs:8`)
  await lab.run(5)
  await lab.chart('condition').getByRole('button', { name: /^Measure now/ }).click()
  const alert = lab.chart('condition').getByRole('alert')
  await expect(alert).toContainText('No room on the bench.')
  await expect(lab.button('Pause')).toBeVisible()
  await alert.getByRole('button').click()
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('the condition number answers its sliders without a GPU @no-gpu', async ({ lab, page }) => {
  await lab.open('')
  await expect(page.getByRole('alert').getByRole('heading')).toBeVisible()
  await lab.view('Condition')
  const chart = lab.chart('condition.condition')
  await expect(chart.getByText(/linear \(rectified flow\) path demands a slope of 1,000/)).toBeVisible()
  await page.getByRole('combobox', { name: 'Path' }).selectOption('ve')
  await expect(chart.getByText(/linear \(rectified flow\)/)).toHaveCount(0)
  await expect(page.getByRole('img', { name: /^κ\(t₁,t₂\)/ })).toBeVisible()
  await expect(lab.button('Measure now')).toBeDisabled()
  await lab.expectNoAxeViolations()
})
