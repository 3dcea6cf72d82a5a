import { expect, test, tiny } from './lab.ts'

test.slow() // a run has to start before there is anything to look into

test('a training step is walked move by move, with the keyboard, and leaves the run as it is', async ({ lab, page }) => {
  await lab.open(tiny)
  await lab.view('Inside a step')
  await expect(page.getByText('It needs a run of your own: press Run, or take a single step.')).toBeVisible()
  await lab.expectNoAxeViolations()
  await lab.button('Take one step').click()
  await expect(lab.step).toHaveText(/^1\b/, { timeout: 120_000 })

  await page.getByRole('combobox', { name: 'Replica', exact: true }).selectOption({ label: 'LCF' })
  await page.getByRole('combobox', { name: 'Image of the batch' }).selectOption('2')
  await lab.button('Walk the next step').click()
  await expect(page.getByText(/^Step 2 of LCF\. Image 3 of 8, noise level t = 0\.\d{3}\./)).toBeVisible({ timeout: 120_000 })

  const place = page.getByRole('slider', { name: 'Move', exact: true })
  const count = Number(await place.getAttribute('max'))
  expect(count).toBeGreaterThan(40)
  await lab.button('One move on').focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await expect(place).toHaveValue('3')
  await page.keyboard.press('ArrowLeft')
  await expect(place).toHaveValue('2')
  await page.keyboard.press('Shift+ArrowRight')
  await expect(page.getByRole('navigation', { name: 'Stages' }).locator('[aria-current=step]')).toHaveText(/^embed /)
  await expect(lab.announcement).toHaveText(/embed: patchify writes patches\./)

  await page.getByRole('button', { name: /^block 0 \d/ }).click()
  await expect(page.getByRole('heading', { name: 'block 0: y1 0, statistics1 0' })).toBeVisible()
  for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('heading', { name: 'Attention weights' })).toBeVisible()
  await expect(page.getByRole('img', { name: /^Attention weights, .*, 4 of 4$/ })).toBeVisible()
  await expect(page.getByText('(2B, T, C) = (16, 36, 16)', { exact: false })).toBeVisible()
  await expect(page.getByText(/^shaders\/attention(_lanes)?\.wgsl$/)).toBeVisible()
  await expect(page.getByText('src/ops/attention.ts')).toBeVisible()
  await page.getByText('Numbers of attention 0').click()
  await expect(page.getByRole('region', { name: 'First numbers of attention 0' }).locator('tbody tr')).toHaveCount(8)
  await page.getByText('What the kernel does, and its source').click()
  await expect(page.getByRole('region', { name: /^Source of attention/ })).toContainText(/fn attention(_lanes)?\(/)
  await lab.expectNoAxeViolations()

  await page.getByRole('button', { name: 'qkv 0' }).click() // what it read, to where that was written
  await expect(page.getByRole('heading', { name: 'block 0: qkv 0' })).toBeVisible()

  await page.getByRole('combobox', { name: 'Pace of slow motion' }).selectOption('0.5')
  await lab.button('Slow motion').click()
  await expect(page.getByRole('heading', { name: 'Attention weights' })).toBeVisible()
  await lab.button('Stop').click()
  await place.press('End')
  await expect(page.getByRole('heading', { name: /^update: weights/ })).toBeVisible()
  await expect(lab.button('One move on')).toBeDisabled()
  expect(await lab.steps()).toBe(1)
})

test('with reduced motion nothing moves by itself; keys still do', async ({ lab, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'dark' })
  await lab.open(tiny)
  await lab.view('Inside a step')
  await lab.run(3)
  await lab.button('Walk the next step').click() // while it trains
  const place = page.getByRole('slider', { name: 'Move', exact: true })
  await expect(place).toHaveValue('1', { timeout: 120_000 })
  await lab.pause()
  await expect(lab.button('Slow motion')).toHaveCount(0)
  await page.getByRole('heading', { name: 'Inside a training step' }).click()
  await page.keyboard.press('p')
  await page.keyboard.press('ArrowRight')
  await expect(place).toHaveValue('2')
  await lab.expectNoAxeViolations()
})

test('on a phone the walk fits across @phone', async ({ lab, page }) => {
  await lab.open(tiny)
  await lab.view('Inside a step')
  await lab.button('Take one step').click()
  await lab.button('Walk the next step').click({ timeout: 120_000 })
  await page.getByRole('button', { name: /^block 1 \d/ }).click({ timeout: 120_000 })
  await expect(page.getByRole('heading', { name: 'block 1: y1 1, statistics1 1' })).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await lab.expectNoAxeViolations()
})
