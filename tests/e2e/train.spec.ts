import { expect, test, tiny } from './lab.ts'

test('before a run: real images, the floor, T_min and what will happen', async ({ lab, page }) => {
  await lab.open()
  await expect(lab.button('Run')).toBeEnabled()
  await expect(page.getByText('Software GPU', { exact: true })).toBeVisible()
  await expect(page.getByText(/start from the same weights/)).toBeVisible()
  await expect(page.getByRole('img', { name: /4 real images/ })).toBeVisible()
  await expect(lab.chart('lossByT').getByText('floor', { exact: true })).toBeVisible()
  await expect(lab.chart('lossByT').locator('[data-t-min="0.05"]')).toHaveCount(1)
  await expect(page.getByRole('button', { name: /^Memory: .*parameters each/ })).toBeVisible()
  // Then, measured on this adapter, how long it will take: of these settings and of every experiment.
  await expect(page.getByRole('button', { name: /^Memory: .*parameters each, about \d/ })).toBeVisible()
  await expect(page.getByRole('combobox', { name: 'Experiment' }).locator('option', { hasText: /^Small, for slow machines – about \d[\d.]* (s|min|h)$/ })).toHaveCount(1)
  for (const figure of await page.locator('figure').all()) await expect(figure.getByRole('button', { name: /^What is this/ })).toHaveCount(1) // measured or not
  await lab.expectNoAxeViolations()
})

test('the hatching follows T_min before anything is trained', async ({ lab }) => {
  await lab.open()
  await lab.slider('T_min').press('Home')
  await expect(lab.chart('lossByT').locator('[data-t-min]')).toHaveCount(0)
  await lab.slider('T_min').press('PageUp')
  await expect(lab.chart('lossByT').locator('[data-t-min]')).toHaveCount(1)
})

test('run, watch the loss fall, turn knobs, pause, step once, restart', async ({ lab, page }) => {
  await lab.open()
  await lab.run(60)
  await lab.expectNoAxeViolations()

  // Both replicas are on the loss-by-noise chart, with a value at every level.
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(3)
  await expect(lab.chart('lossByT').getByText(/^Loss at t = 0\.001: FM [\d.]+, LCF [\d.]+[;.].* At t = 0\.3/)).toBeVisible()
  await expect(page.getByRole('img', { name: /4 samples of LCF/ })).toBeVisible()

  await lab.view('Over training')
  await lab.slider('T_min').press('ArrowRight')
  await lab.slider('λ').press('PageUp')
  await expect(lab.chart('steps').locator('.event-marks').first().locator('g')).toHaveCount(2)
  await expect(page.getByText('Changes not applied')).toHaveCount(0)

  await lab.atLeast(200)
  const paused = await lab.pause()
  await lab.expectNoAxeViolations()
  await expect(lab.announcement).toHaveText(`Paused at step ${paused}.`)

  await lab.button('Step').click()
  await expect.poll(() => lab.steps()).toBe(paused + 1)
  await lab.button('Step').click()
  await expect.poll(() => lab.steps()).toBe(paused + 2)

  await page.getByRole('button', { name: 'Loss over steps as table' }).click()
  const cells = lab.chart('steps').locator('tbody tr td:nth-of-type(1)')
  const [first, last] = [Number(await cells.first().textContent()), Number(await cells.last().textContent())]
  expect(last).toBeLessThan(0.9 * first)

  await lab.view('Overview')
  await page.getByRole('button', { name: 'Loss by noise level as table' }).click()
  await expect(lab.chart('lossByT').locator('tbody tr')).toHaveCount(24)

  await lab.button('Restart').click()
  await expect.poll(() => lab.steps()).toBeLessThan(paused)
  await expect(lab.button('Pause')).toBeVisible()
})

test('the first step from a standing start is exactly one', async ({ lab }) => {
  await lab.open()
  await lab.button('Step').click()
  await expect(lab.step).toHaveText('1')
  await expect(lab.button('Go on')).toBeVisible()
})

test('pause is quick', async ({ lab, page }) => {
  await lab.open()
  await lab.run(20)
  const waited = await page.evaluate(async () => {
    const button = document.querySelector<HTMLButtonElement>('[data-phase=running]')!
    const start = performance.now()
    button.click()
    await new Promise<void>((done) => {
      new MutationObserver((_, observer) => {
        if (button.dataset.phase !== 'paused') return
        observer.disconnect()
        done()
      }).observe(button, { attributes: true })
    })
    return performance.now() - start
  })
  expect(waited).toBeLessThan(400) // 200 on a real GPU; here the same cores train and paint
})

test('a hundred starts and stops, and starts anew, in a row: one run, and it obeys', async ({ lab, page }) => {
  await lab.open()
  await lab.run(5)
  await page.evaluate(() => (document.activeElement as HTMLElement).blur()) // keys of a focused button are the button’s
  for (let i = 0; i < 100; i++) await page.keyboard.press(i % 20 === 19 ? 'r' : 'Space')
  await expect(lab.button('Pause').or(lab.button('Go on'))).toBeVisible()
  if (await lab.button('Go on').isVisible()) await lab.button('Go on').click()
  await lab.atLeast(3)
  const step = await lab.pause()
  await lab.button('Step').click()
  await expect(lab.step).toHaveText(String(step + 1))
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('what needs a restart says so, and can be discarded or applied', async ({ lab, page }) => {
  await lab.open()
  await lab.run(5)
  await lab.slider('Width').press('ArrowRight')
  const pending = page.getByRole('region', { name: 'Changes not applied' })
  await expect(pending).toContainText('Width 16 → 32')
  await lab.button('Discard').click()
  await expect(pending).toHaveCount(0)
  await expect(lab.slider('Width')).toHaveAttribute('aria-valuetext', '16')

  await page.getByRole('combobox', { name: 'Method of replica 1' }).selectOption('fm-truncated')
  await expect(pending).toContainText('Replica 1 Flow matching → FM at t ≥ T_min')
  await lab.button('Restart with changes').click()
  await expect(page.getByRole('button', { name: 'FM t ≥ T_min', exact: true })).toBeVisible()
  await expect(pending).toHaveCount(0)
})

test('a finished run can be trained longer, and forked', async ({ lab, page }) => {
  const short = new URLSearchParams(tiny)
  short.set('train.steps', '10')
  await lab.open(short)
  await lab.button('Run').click()
  await expect(lab.button('Train longer')).toBeVisible({ timeout: 60_000 })
  await expect(lab.step).toHaveText('10')
  await lab.button('Fork').click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  await lab.expectNoAxeViolations()
  await dialog.getByRole('combobox', { name: 'From' }).selectOption({ label: 'FM' })
  await dialog.getByRole('button', { name: /Fork at step/ }).click()
  await expect(dialog).toHaveCount(0)
  await expect(lab.button('Train longer').or(lab.button('Pause')).or(lab.button('Go on'))).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText('Changes not applied')).toHaveCount(0)
})

test('a second tab asks before it trains as well', async ({ lab, page, context }) => {
  await lab.open()
  await lab.run(2)
  const other = await context.newPage()
  await other.goto(page.url())
  await other.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(other.getByRole('dialog', { name: 'Another tab is training' })).toBeVisible()
  await other.getByRole('button', { name: 'Not now' }).click()
  await page.bringToFront() // a page behind another one does not paint
  await lab.pause()
  await other.bringToFront()
  await other.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(other.getByRole('button', { name: 'Pause' })).toBeVisible()
})
