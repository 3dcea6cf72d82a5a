import { expect, type Lab, test, tiny } from './lab.ts'

const short = new URLSearchParams(tiny)
short.set('train.steps', '40')

const finish = async (lab: Lab) => expect(lab.button('Train longer')).toBeVisible({ timeout: 90_000 })
const list = (lab: Lab) => lab.page.getByRole('region', { name: 'Runs', exact: true }).first()
const lines = (lab: Lab) => lab.chart('lossByT').locator('.recharts-line')

test('two runs beside each other: one difference, other colours, names, undo; and again after a reload', async ({ lab, page }) => {
  test.slow() // two runs, one after the other
  await lab.open(short)
  await lab.button('Run').click()
  await finish(lab)
  await page.getByRole('button', { name: 'Runs', exact: true }).first().click()
  const first = await list(lab).getByRole('heading', { level: 3 }).first().innerText()
  await page.getByRole('button', { name: `Pin ${first}` }).click()

  // A finished run is not touched by a live knob: it waits with the others.
  await page.getByRole('button', { name: 'Settings', exact: true }).click()
  const lambda = page.getByRole('textbox', { name: 'λ, value' })
  await lambda.fill('0.5')
  await lambda.press('Enter')
  const pending = page.getByRole('region', { name: 'Changes not applied' })
  await expect(pending).toContainText('λ 0.05 → 0.5')
  await lab.button('Restart with changes').click()
  await expect(pending).toHaveCount(0)
  await finish(lab)

  await page.getByRole('button', { name: 'Runs', exact: true }).last().click()
  await expect(list(lab).getByTestId('diff').first()).toHaveText(`Against ${first}:λ 0.05 → 0.5`)
  await expect(lines(lab)).toHaveCount(5) // two of each run, and the floor
  const colours = await lines(lab).locator('path').evaluateAll((all) => all.map((path) => getComputedStyle(path).stroke))
  expect(new Set(colours).size).toBe(5)
  await lab.expectNoAxeViolations()

  // Pointing at one dims the other.
  await page.getByRole('button', { name: `Hide ${first}` }).focus()
  await expect.poll(() => lines(lab).locator('path').evaluateAll((all) => new Set(all.map((path) => getComputedStyle(path).stroke)).size)).toBe(4)

  await page.getByRole('button', { name: `Hide ${first}` }).click()
  await expect(lines(lab)).toHaveCount(3)
  await page.getByRole('button', { name: `Rename ${first}` }).click()
  await page.getByRole('textbox', { name: `New name of ${first}` }).fill('The first one')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Delete The first one' }).click()
  await expect(list(lab).getByText('The first one is deleted.')).toBeVisible()
  await expect(page.locator('[data-run]')).toHaveCount(1)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.locator('[data-run]')).toHaveCount(2)

  await lab.view('Runs')
  await expect(page.getByRole('row', { name: /The first one/ })).toHaveCount(2)
  await expect(page.getByRole('row', { name: /λ/ })).toHaveCount(1) // what sets a run apart is said once
  await lab.expectNoAxeViolations()

  await page.reload()
  await page.getByRole('button', { name: 'Runs', exact: true }).first().click()
  await page.getByRole('button', { name: 'Show The first one' }).click()
  await lab.view('Overview')
  await expect(lines(lab)).toHaveCount(3) // read from the browser, with nothing else on the page
})

test('several seeds, and a grid over two knobs', async ({ lab, page }) => {
  test.slow() // ten replicas on a processor that plays GPU
  const brief = new URLSearchParams(short)
  brief.set('train.steps', '10')
  brief.set('net.width', '8')
  brief.set('net.heads', '1')
  await lab.open(brief)
  await lab.button('Repeat with 3 seeds').click()
  await finish(lab)
  await expect(page.getByRole('button', { name: 'FM ×3', exact: true })).toBeVisible()
  await lab.view('Runs')
  await expect(page.getByRole('row', { name: /FM ×3 .* ± / })).toBeVisible()

  await lab.button('Sweep …').click()
  const dialog = page.getByRole('dialog', { name: 'Sweep' })
  await dialog.getByRole('textbox', { name: 'T_min' }).fill('0.05 2')
  await expect(dialog.getByRole('alert')).toContainText('“2” is no T_min')
  await dialog.getByRole('textbox', { name: 'T_min' }).fill('0.02 0.1')
  await dialog.getByRole('textbox', { name: 'λ' }).fill('0.05 0.5')
  await expect(dialog.getByText(/^4 replicas: (about .*, )?[\d.]+ MB of GPU memory\.$/)).toBeVisible()
  await lab.expectNoAxeViolations()
  await lab.button('Run the sweep').click()
  await finish(lab)
  const sweep = page.getByRole('region', { name: /^Sweep of .*(?<!small charts)$/ })
  await expect(sweep.getByRole('img')).toHaveCount(3) // a heat map for each figure
  await expect(sweep.getByRole('cell', { name: /^\d\.\d{3}$/ })).toHaveCount(4)
  await lab.expectNoAxeViolations()
})

test('a link for a class: some hidden, some fixed, all of it said, and nothing of what is measured gone', async ({ lab, page }) => {
  await lab.open(`v=1&view=training&hide=net,experiment,lossByT&lock=train&${tiny}`)
  await expect(page.getByRole('tab', { name: 'Over training' })).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByRole('alert')).toContainText('“lossByT”')
  await page.getByRole('button', { name: 'All right' }).click()
  await expect(page.getByRole('region', { name: 'Network' })).toHaveCount(0)
  await expect(page.getByRole('combobox', { name: 'Experiment' })).toHaveCount(0)
  await expect(lab.slider('Batch')).toBeDisabled()
  await expect(page.getByText('Fixed by the link that you came by.').first()).toBeVisible()
  await lab.expectNoAxeViolations()
  await lab.view('Overview')
  await expect(lab.chart('lossByT')).toBeVisible()

  await lab.button('Link for a class …').click()
  const dialog = page.getByRole('dialog', { name: 'Link for a class' })
  await dialog.getByRole('combobox', { name: 'Data' }).selectOption('hidden')
  await expect(dialog.getByText(/hide=net,experiment,data&lock=train/)).toBeVisible()
  await lab.expectNoAxeViolations()
  await page.keyboard.press('Escape')
  await lab.button('Show all').click()
  await expect(page.getByRole('region', { name: 'Network' })).toBeVisible()
  await expect(page).not.toHaveURL(/hide=/)
})

test('nothing is cut off at 320 pixels, nor at 200 % text on a phone @phone', async ({ lab, page }) => {
  const tooWide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  await page.setViewportSize({ width: 320, height: 640 })
  await lab.open()
  await expect(lab.button('Run')).toBeEnabled()
  await expect(lab.chart('lossByT')).toBeVisible()
  expect(await page.evaluate(() => innerWidth)).toBe(320)
  expect(await tooWide()).toBeLessThanOrEqual(0)
  await page.setViewportSize({ width: 390, height: 844 })
  await page.addStyleTag({ content: 'html { font-size: 200% }' })
  expect(await page.evaluate(() => innerWidth)).toBe(390)
  expect(await tooWide()).toBeLessThanOrEqual(0)
  await page.getByRole('button', { name: 'Runs', exact: true }).first().click()
  await expect(lab.button('Compare in a table')).toBeInViewport()
})
