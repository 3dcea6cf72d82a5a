import { studyPicture, studyRecord } from '../support/study_record.ts'
import { expect, test, tiny } from './lab.ts'

test('the first view teaches with no click: a recorded run, said to be one, until the visitor’s own takes its place', async ({ lab, page }) => {
  await lab.recorded(studyRecord, studyPicture)
  await lab.open('')
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toBeVisible()
  await expect(page.getByText(/FM beside LCF, seeds 0, 1, 2, 1,200 steps; made 2 Mar 2026 on Test GPU\. .* Press Run to make your own\.$/)).toBeVisible()
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(3)
  await expect(lab.chart('lossByT').getByText(/^Loss at t = 0.001: FM 1.10–1.14/)).toBeVisible()
  await expect(lab.chart('probe').getByText('Recorded probe.')).toBeVisible()
  await expect(page.getByRole('img', { name: '16 samples of LCF, seed 2 at step 1200' })).toBeVisible()
  await expect(lab.button('Run')).toBeEnabled()
  await lab.expectNoAxeViolations()
  expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBeLessThanOrEqual(0)
  const main = page.getByRole('main')
  expect(await main.evaluate((element) => element.scrollHeight - element.clientHeight)).toBeLessThanOrEqual(0)

  await lab.view('Over training')
  await expect(lab.chart('steps').getByText(/^Last steps: FM 0.65/)).toBeVisible()
  await expect(lab.chart('bands').getByText(/2 measurements/)).toBeVisible()
  await expect(lab.chart('steps').locator('.trace')).toHaveCount(3) // two of the flow loss, one of LCF's second term
  await lab.chart('steps').locator('svg.recharts-surface').first().focus()
  await page.keyboard.press('ArrowRight')
  await expect(lab.chart('steps').locator('.tooltip')).toHaveText('step 1FM ×31.200LCF ×31.200') // as keyboard and pointer find it

  await lab.view('Claims')
  const row = page.getByRole('row', { name: /LCF lifts probe accuracy/ })
  await expect(row).toContainText('0.2 ± 1.9')
  await expect(row).toContainText('−2.0 · 1.0 · 1.5')
  await expect(row).toContainText('Unclear')
  await expect(page.getByRole('row', { name: /larger at low noise/ })).toContainText('It appears')
  await lab.expectNoAxeViolations()

  // Another experiment is not what was recorded; one step of it is the visitor's own.
  await page.getByRole('combobox', { name: 'Experiment' }).selectOption('small')
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toHaveCount(0)
  await lab.view('Overview')
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(1)
  await page.getByRole('combobox', { name: 'Experiment' }).selectOption('gratings')
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toBeVisible()
  await lab.button('Run').click()
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toHaveCount(0)
  await expect(lab.chart('probe').getByText('Recorded probe.')).toHaveCount(0)
})

test('without a GPU the recorded run is what there is, whatever the link asks for @no-gpu', async ({ lab, page }) => {
  await lab.recorded(studyRecord, studyPicture)
  await lab.open(tiny)
  await expect(page.getByRole('alert').getByRole('heading')).toBeVisible()
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toBeVisible()
  await expect(page.getByText('to make your own')).toHaveCount(0)
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(3)
  await lab.expectNoAxeViolations()
  await lab.view('Claims')
  await expect(page.getByRole('heading', { name: 'What is claimed, and what came out here' })).toBeVisible()
})

test('an experiment without a record says so, and leads to those that have one; its sentence is never put with another’s record @no-gpu', async ({ lab, page }) => {
  await page.route('**/studies/*.json', (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify({ ...studyRecord, study: /(\S+)\.json/.exec(route.request().url().split('/').at(-1)!)![1] }) }))
  await lab.open('run=two-classes')
  await expect(page.getByText(/Recorded run, not yours.*Pushed apart by ΔFM.*The two classes of contrastive flow matching/)).toBeVisible() // whatever the settings are
  const experiment = page.getByRole('combobox', { name: 'Experiment' })
  await experiment.selectOption('small')
  await expect(page.getByText(/^A narrow network.*There is no recorded run of this experiment, and nothing can be trained here\./)).toBeVisible()
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toHaveCount(0)
  await lab.expectNoAxeViolations()
  await lab.button('All four designs').click()
  await expect(experiment).toHaveValue('designs')
  await expect(page.getByText(/Recorded run, not yours.*All four designs.*what does each part do\?/)).toBeVisible()
})

test('what is saved of a recorded run says where it comes from @no-gpu', async ({ lab, page }) => {
  await lab.recorded(studyRecord)
  await lab.open('')
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(3)
  const saved = async (item: string) => {
    await lab.chart('lossByT').getByRole('button', { name: /^Save / }).click()
    const coming = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: item }).click()
    return Buffer.concat(await (await (await coming).createReadStream()).toArray())
  }
  const origin = 'seeds 0, 1, 2 · step 1200 · recorded 2026-03-02 on Test GPU: driver 7'
  expect((await saved('Numbers (CSV)')).toString()).toContain(origin)
  const picture = (await saved('Picture (SVG)')).toString()
  expect(picture.replace(/\s+/g, ' ')).toContain(origin)
  expect(picture.match(/<path/g)!.length).toBeGreaterThan(3) // the lines are in it
  expect([...(await saved('Picture (PNG)')).subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
})

test('a damaged record is refused in a sentence, and the page does without @no-gpu', async ({ lab, page }) => {
  await lab.recorded(JSON.stringify(studyRecord).replace('"version":1', '"version":9'))
  await lab.open('')
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toHaveCount(0)
  await expect(lab.chart('lossByT').getByText('floor', { exact: true })).toBeVisible()
  await expect(page.getByRole('tab', { name: 'Claims' })).toHaveCount(0)
  await expect(page.getByText(/The recorded run is damaged or of another version at version/)).toBeVisible()
})

test('the record that comes with the page is one it can show @no-gpu', async ({ lab, page }) => {
  await page.unrouteAll()
  await lab.open('')
  await expect(page.getByText('Recorded run, not yours', { exact: true })).toBeVisible()
  await expect(page.getByRole('img', { name: /samples of LCF, seed 2/ })).toBeVisible()
  expect(await lab.shift()).toBeLessThanOrEqual(0.05)
})
