import { readFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'
import { expect, test, tiny } from './lab.ts'
import type { Lab } from './lab.ts'

const pair = new URLSearchParams(tiny)
pair.set('replicas', 'fm;lcf')

async function exported(lab: Lab, replica: string | null, item: string | RegExp): Promise<{ name: string; path: string }> {
  await lab.button('Export').click()
  if (replica) await lab.page.getByRole('menuitem', { name: replica, exact: true }).click()
  const coming = lab.page.waitForEvent('download')
  await lab.page.getByRole('menuitem', { name: item }).click()
  const download = await coming
  return { name: download.suggestedFilename(), path: await download.path() }
}

async function give(lab: Lab, ...files: { name: string; path: string }[]): Promise<void> {
  if (!(await lab.page.getByRole('dialog').isVisible())) await lab.button('Open').click()
  const buffers = await Promise.all(files.map(async ({ name, path }) => ({ name, mimeType: 'application/octet-stream', buffer: await readFile(path) })))
  await lab.page.getByLabel('A file of a model or a run').setInputFiles(buffers)
}

test('a trained network leaves as ONNX, comes back in a fresh tab, is evaluated with the run’s own curve, and trains on', async ({ lab, page, context }) => {
  test.setTimeout(180_000)
  await lab.open(pair)
  await lab.run(30)
  await lab.pause()
  await lab.button('Export').click()
  await page.getByRole('menuitem', { name: /^ONNX features: after block 1/ }).click()
  await page.getByRole('menuitemradio', { name: 'After block 2' }).click()
  await expect(page.getByRole('menuitemradio', { name: 'After block 2' })).toBeChecked()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  expect((await exported(lab, 'FM', 'ONNX, EMA weights')).name).toMatch(/-fm-ema-block-2-step-\d+-/)
  await lab.button('Export').click()
  await page.getByRole('menuitem', { name: /^ONNX features: after block 2/ }).click()
  await page.getByRole('menuitemradio', { name: 'After block 1, as in this run' }).click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  const model = await exported(lab, 'FM', 'ONNX, EMA weights')
  expect(model.name).toMatch(/^low-noise-lab-gratings-fm-ema-step-\d+-[0-9a-f]{8}\.onnx$/)
  const step = await lab.steps()

  // Beside the run that it is from: its curve is the run's.
  await give(lab, model)
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText(new RegExp(`An ONNX model, \\d+ kB, step ${step}\\.`))).toBeVisible()
  await expect(dialog.getByText(/A transformer of 2 blocks, width 16, 4 heads, .* and its answers will be the file’s/)).toBeVisible()
  await expect(dialog.getByRole('table', { name: 'Inputs and outputs' }).getByRole('row', { name: 'velocity output float32 (B, 1, 12, 12)' })).toBeVisible()
  await lab.expectNoAxeViolations()
  await dialog.getByRole('combobox', { name: 'Images for probes' }).selectOption('128')
  await dialog.getByRole('button', { name: 'Evaluate', exact: true }).click()
  await expect(dialog.getByTestId('evaluation')).toContainText('onnxruntime-web on the processor', { timeout: 300_000 })
  await expect(dialog.locator('[data-chart="file.accuracy"] .recharts-line').first()).toBeVisible()
  await expect(dialog.getByRole('img', { name: /4 samples of low-noise-lab-/ })).toBeVisible()
  await lab.expectNoAxeViolations()
  await page.keyboard.press('Escape')
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(4)

  const fresh = await context.newPage()
  await fresh.goto(page.url())
  const other = Object.assign(Object.create(Object.getPrototypeOf(lab)), lab, { page: fresh, step: fresh.getByTestId('step') }) as Lab
  await give(other, model)
  await fresh.getByRole('button', { name: 'Train on from here' }).click()
  await expect(fresh.getByRole('dialog')).toHaveCount(0)
  await expect(other.button('Go on')).toBeVisible({ timeout: 240_000 })
  await expect(other.step).toHaveText('0')
  await expect(other.chart('lossByT').getByText(/^Loss at t = 0\.001: FM [\d.]+[;.]/)).toBeVisible()
  await other.button('Step').click()
  await expect(other.step).toHaveText('1')
})

/** Numbers of a chart at full precision, by what kind of line they belong to, then by t. */
async function numbersOf(lab: Lab, chart: string): Promise<Record<string, Map<number, number>>> {
  await lab.chart(chart).getByRole('button', { name: /^Save / }).click()
  const coming = lab.page.waitForEvent('download')
  await lab.page.getByRole('menuitem', { name: 'Numbers (CSV)' }).click()
  const text = await readFile(await (await coming).path(), 'utf8')
  const found: Record<string, Map<number, number>> = {}
  for (const line of text.split('\n').slice(text.split('\n').findIndex((row) => row.startsWith('series,')) + 1)) {
    const [, kind, t, y] = /^(?:"[^"]*"|[^,]*),(\w+),([^,]*),([^,]*),/.exec(line) ?? []
    if (kind && y !== '') (found[kind] ??= new Map()).set(Number(t), Number(y))
  }
  return found
}

test('in a fresh tab a trained network has the engine’s loss by level and probe through onnxruntime, on the same charts', async ({ lab, page, context }) => {
  test.setTimeout(180_000)
  const settings = new URLSearchParams(tiny)
  settings.set('replicas', 'fm')
  settings.set('data.count', '128')
  settings.set('data.heldOut', '128')
  await lab.open(`${settings}&measures=probe:0,test:128,t:0.02%200.5`)
  await lab.run(30)
  await lab.pause()
  const model = await exported(lab, 'FM', 'ONNX, EMA weights')
  const address = page.url()
  await page.close()

  const fresh = await context.newPage()
  await fresh.goto(address)
  const other = Object.assign(Object.create(Object.getPrototypeOf(lab)), lab, { page: fresh, step: fresh.getByTestId('step') }) as Lab
  await give(other, model)
  const dialog = fresh.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Images for probes' }).selectOption('128')
  await dialog.getByRole('button', { name: 'Evaluate', exact: true }).click()
  await expect(dialog.getByTestId('evaluation')).toContainText('onnxruntime-web on the processor', { timeout: 300_000 })
  await fresh.getByRole('button', { name: 'Train on from here' }).click()
  await expect(other.button('Go on')).toBeVisible({ timeout: 240_000 })
  await expect(other.step).toHaveText('0')
  await expect(other.chart('lossByT').locator('.recharts-line')).toHaveCount(3)

  const losses = await numbersOf(other, 'lossByT')
  expect(losses.measured.size).toBe(24)
  for (const [t, loss] of losses.measured) expect(Math.abs(losses.file.get(t)! - loss), `loss at t ${t}`).toBeLessThan(1e-4)

  await other.view('Probe')
  await other.button('Measure now').click()
  await expect(fresh.getByText(/^Step 0, took/)).toBeVisible({ timeout: 300_000 })
  const probes = await numbersOf(other, 'probe.accuracy')
  expect(probes.measured.size).toBe(2)
  // Two of 128 test images may fall on the other side of a boundary by rounding.
  for (const [t, accuracy] of probes.measured) expect(Math.abs(probes.file.get(t)! - accuracy), `accuracy at t ${t}`).toBeLessThanOrEqual(2 / 128 + 1e-9)
  await expect(fresh.getByText(/Diamonds: low-noise-lab-gratings-fm-ema-step-\d+-[0-9a-f]{8}\.onnx, with onnxruntime/).first()).toBeVisible()
  await other.view('Condition')
  await expect(other.chart('condition.condition').locator('.recharts-line')).toHaveCount(3)
})

test('a whole run as one file, gone on with where it stood', async ({ lab, page }) => {
  await lab.open(pair)
  await lab.run(20)
  const step = await lab.pause()
  const run = await exported(lab, null, /^Whole run/)
  expect(run.name).toMatch(new RegExp(`^low-noise-lab-gratings-step-${step}-[0-9a-f]{8}\\.run\\.zip$`))
  expect(Object.keys(unzipSync(new Uint8Array(await readFile(run.path)))).sort()).toEqual(['checkpoint.npz', 'config.json', 'loss-by-t.csv', 'measurements.json', 'metrics.csv', 'samples.png'])
  const folder = await exported(lab, 'LCF', /^Continue in PyTorch/)
  expect(Object.keys(unzipSync(new Uint8Array(await readFile(folder.path))))).toContain('continue-in-pytorch/train.py')

  await lab.button('Step').click()
  await expect(lab.step).toHaveText(String(step + 1))
  await give(lab, run)
  await page.getByRole('button', { name: 'Go on with this run' }).click()
  await expect(lab.step).toHaveText(String(step))
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(3)
  await lab.button('Step').click()
  await expect(lab.step).toHaveText(String(step + 1))
})

test('an example is one click away; a long evaluation can be stopped; its samples are judged; files that are none are refused in a sentence', async ({ lab, page }) => {
  const settings = new URLSearchParams(tiny)
  settings.set('data.count', '256')
  settings.set('data.heldOut', '256')
  await lab.open(settings)
  await lab.button('Open').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'LCF on gratings' }).click()
  await expect(dialog.getByRole('heading', { name: 'gratings-lcf.onnx' })).toBeVisible()
  await dialog.getByRole('combobox', { name: 'Images for probes' }).selectOption('2048')
  await dialog.getByRole('button', { name: 'Evaluate', exact: true }).click()
  await expect(dialog.getByRole('progressbar', { name: 'Evaluated' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog.getByRole('button', { name: 'Evaluate', exact: true })).toBeEnabled()
  await expect(dialog.getByTestId('evaluation')).toHaveCount(0)

  await dialog.getByRole('combobox', { name: 'Features for probes' }).selectOption({ label: 'none' })
  await dialog.getByRole('combobox', { name: 'Samples to judge' }).selectOption('256')
  await expect(dialog.getByText('the lab’s own features')).toBeVisible()
  await dialog.getByRole('button', { name: 'Evaluate', exact: true }).click()
  for (const chart of ['distance-classifier', 'distance-pixels', 'coverage', 'nearest']) await expect(dialog.locator(`[data-chart="file.${chart}"] .recharts-line`)).not.toHaveCount(0, { timeout: 90_000 })
  await expect(dialog.locator('[data-chart="file.distance-pixels"]')).toContainText(/In principal components of pixels: [\d.]+; two real sets of this size lie [\d.]+ apart/)
  await lab.expectNoAxeViolations()

  const alert = dialog.getByRole('alert')
  const hostile = (name: string, bytes: Buffer) => page.getByLabel('A file of a model or a run').setInputFiles({ name, mimeType: '', buffer: bytes })
  await hostile('none.onnx', Buffer.from('no model at all'))
  await expect(alert).toHaveText(/^this is not a whole ONNX file: .* are read\)$/)
  await hostile('cut.zip', Buffer.from('PK\u0003\u0004 and nothing more'))
  await expect(alert).toContainText('the zip archive is cut short')
  await hostile('claims.safetensors', Buffer.from([0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0x7b]))
  await expect(alert).toHaveCount(1)
  await expect(alert).not.toContainText('zip')
  await expect(dialog.getByRole('heading', { name: 'gratings-lcf.onnx' })).toHaveCount(0)
  await lab.expectNoAxeViolations()
})
