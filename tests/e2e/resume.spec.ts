import type { Page } from '@playwright/test'
import { expect, kept, type Lab, test, tiny } from './lab.ts'

/** Step and FM loss of every row of the table below the loss chart. */
async function losses(lab: Lab): Promise<[step: string, loss: string][]> {
  await lab.view('Over training')
  const toggle = lab.page.getByRole('button', { name: 'Loss over steps as table' })
  if ((await toggle.count()) > 0) await toggle.click()
  const rows = lab.chart('steps').locator('tbody tr')
  await expect(rows.first()).toBeVisible()
  return rows.evaluateAll((all) => all.map((row) => [row.children[0].textContent ?? '', row.children[1].textContent ?? ''] as [string, string]))
}

/** The device is really destroyed; only the reason given is that of a reset. */
const loseGpuOn = (command: string) => `{
    const request = GPUAdapter.prototype.requestDevice
    let device
    GPUAdapter.prototype.requestDevice = async function (...words) {
      device = await request.apply(this, words)
      const lost = device.lost.then(({ message }) => ({ reason: 'unknown', message }))
      Object.defineProperty(device, 'lost', { value: lost })
      return device
    }
    addEventListener('message', (event) => {
      if (event.data.type !== '${command}') return
      event.stopImmediatePropagation()
      device.destroy()
    })
  }`

const offer = (page: Page) => page.getByRole('region', { name: 'A run to go on with' })

test('a run that was closed goes on at its step, and its curve has no gap', async ({ lab, page }) => {
  await lab.open()
  await lab.run(30)
  const paused = await lab.pause()
  expect(await kept(page, paused)).toBe(paused)
  const before = await losses(lab)
  await page.reload()

  await expect(offer(page)).toContainText(`stopped at step ${paused} of 100,000`)
  await lab.expectNoAxeViolations()
  await offer(page).getByRole('button', { name: `Resume at step ${paused}` }).click()
  await lab.atLeast(paused + 5)
  await expect(offer(page)).toHaveCount(0)
  await lab.pause()
  const after = await losses(lab)
  // The table has about forty rows, however long the curve: those there before and after are the same, and no two lie farther apart than that.
  const known = new Map(before)
  const both = after.filter(([step]) => known.has(step))
  expect(both).toEqual(both.map(([step]) => [step, known.get(step)]))
  const steps = after.map(([step]) => Number(step.replace(/\D/g, '')))
  const fortieth = Math.ceil(steps.at(-1)! / 40)
  expect(steps[0]).toBeLessThanOrEqual(2 * fortieth)
  expect(steps.at(-1)).toBeGreaterThan(paused)
  expect(Math.max(...steps.slice(1).map((step, i) => step - steps[i]))).toBeLessThanOrEqual(3 * fortieth)
  await expect(page.getByText('Changes not applied')).toHaveCount(0)
})

test('a run of which nothing was asked is kept while it trains; a dead training program is gone on from there', async ({ lab, page }) => {
  await page.addInitScript(() => {
    const Own = Worker
    Object.assign(globalThis, { Worker: class extends Own { constructor(...words: ConstructorParameters<typeof Own>) { super(...words); if (words[1]?.name === 'train') Object.assign(globalThis, { trainer: this }) } } })
  })
  await lab.open()
  await lab.run(5)
  const step = await kept(page, 1)
  await page.evaluate(() => {
    const { trainer } = globalThis as unknown as { trainer: Worker }
    trainer.terminate()
    trainer.dispatchEvent(new ErrorEvent('error', { message: 'It died.' }))
  })
  const alert = page.getByRole('alert')
  await expect(alert.getByText('It died.')).toBeVisible()
  await expect(lab.chart('lossByT').locator('.recharts-line').first()).toBeVisible()
  await lab.expectNoAxeViolations()
  const way = alert.getByRole('button', { name: /^Go on from step/ })
  await expect(way).toHaveText(`Go on from step ${step}`)
  await way.click()
  await expect(lab.button('Pause')).toBeVisible()
  await lab.atLeast(step + 3)
  await expect(alert).toHaveCount(0)
})

test('discarded, deleted, and what cannot be read says so', async ({ lab, page }) => {
  await lab.open()
  await lab.run(5)
  await kept(page, await lab.pause())
  // Another version of this page, or anything else on this origin, may have written what is there.
  await page.evaluate(() => new Promise<void>((resolve) => {
    const opening = indexedDB.open('low-noise-lab-runs')
    opening.onsuccess = () => {
      const writing = opening.result.transaction(['heads', 'runs'], 'readwrite')
      const good = writing.objectStore('heads').getAll()
      good.onsuccess = () => {
        writing.objectStore('heads').put({ ...(good.result[0] as object), id: 'hollow', savedAt: Date.now() + 1e6 }, 'hollow')
        writing.objectStore('runs').put({ format: 'low-noise-lab checkpoint', version: 99 }, 'hollow')
        writing.objectStore('heads').put('<b>', 'damaged')
      }
      writing.oncomplete = () => (opening.result.close(), resolve())
    }
  }))
  await page.reload()
  await offer(page).getByRole('button', { name: /^Resume/ }).click()
  const alert = page.getByRole('alert')
  await expect(alert.getByText('version 99, and this lab reads version 1')).toBeVisible()
  await expect(lab.button('Run')).toBeEnabled()
  await alert.getByRole('button', { name: 'Close' }).click()
  await offer(page).getByRole('button', { name: 'Discard' }).click()
  await expect(offer(page)).not.toContainText('null')

  await lab.button('Runs').first().click()
  const runs = page.locator('[data-run]')
  await expect(runs).toHaveCount(2)
  await expect(runs.getByText('What is kept of it is damaged')).toBeVisible()
  await expect(page.getByText(/This page takes [\d.]+ [kMG]B/)).toBeVisible()
  await lab.expectNoAxeViolations()
  await runs.filter({ hasText: 'damaged' }).getByRole('button', { name: /^Delete/ }).click()
  await expect(runs).toHaveCount(1)
  await lab.button('Delete all local data').click()
  await lab.button('Delete everything').click()
  await expect(page.getByText(/^No run yet/)).toBeVisible()
  // The list says so at once; the storage follows when the training thread has closed it.
  await expect.poll(() => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([])
})

test('no room: the page says so and holds the run in memory, which a lost GPU does not take away', async ({ lab, page }) => {
  await lab.beforeWorker(`IDBObjectStore.prototype.put = function () { throw new DOMException('full', 'QuotaExceededError') }; ${loseGpuOn('save')}`)
  await lab.open()
  await lab.run(5)
  const step = await lab.pause()
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('The browser has no room left to keep this run')
  await expect(alert).toContainText(`in this tab’s memory, at step ${step}`)
  await page.getByRole('button', { name: 'All right' }).click()
  await expect(alert).toHaveCount(0)

  await page.evaluate(() => dispatchEvent(new Event('pagehide')))
  await expect(alert).toContainText(`The GPU was reset at step ${step}. The run goes on from step ${step}`)
  await lab.button('Go on').click()
  await lab.atLeast(step + 3)
})

test('what another tab has open is not offered here', async ({ lab, page, context }) => {
  await lab.open(tiny)
  await lab.run(5)
  await kept(page, await lab.pause())
  const other = await context.newPage()
  await other.goto(page.url())
  await other.getByRole('button', { name: 'Runs', exact: true }).first().click()
  await expect(other.getByText(/open in another tab/)).toBeVisible()
  await expect(other.getByRole('button', { name: /^Open .* at step|^Delete (?!all)/ })).toHaveCount(0)
  await expect(offer(other)).toHaveCount(0)
  await page.close()
  await expect(offer(other)).toBeVisible()
})
