import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test as base, expect } from './lab.ts'

const place = '/some/deep/path/'

const types: Record<string, string> = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png', '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
}

/** The built page on a host that gives files their types and adds no header of its own; `astray` is what was asked for outside its place, or is not there. */
const test = base.extend<{ host: { astray: string[]; baseURL: string } }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  host: async ({}, provide) => {
    const astray: string[] = []
    const server = createServer((request, response) => {
      const path = new URL(request.url!, 'http://host').pathname
      const file = join(process.env.LNL_E2E_OUT!, path.slice(place.length) || 'index.html')
      if (!path.startsWith(place) || !existsSync(file) || !statSync(file).isFile()) {
        astray.push(path)
        return response.writeHead(404).end()
      }
      response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' })
      createReadStream(file).pipe(response)
    })
    await new Promise<void>((ready) => server.listen(0, 'localhost', ready))
    await provide({ astray, baseURL: `http://localhost:${(server.address() as AddressInfo).port}${place}` })
    server.closeAllConnections()
    server.close()
  },
  baseURL: ({ host }, provide) => provide(host.baseURL),
})

test.use({ serviceWorkers: 'allow' })

const quick = 'evaluate.perLevel=8&evaluate.samples=4&evaluate.solverSteps=4'

test('from a folder of any host, and without a network after the first visit: recorded runs, charts, an example in onnxruntime @no-gpu', async ({ lab, page, context, host }) => {
  await page.unrouteAll() // the records as they are
  const look = async () => {
    await lab.open(quick)
    await expect(page.getByText(/^Recorded run, not yours FM beside LCF, seeds 0, 1, 2/)).toBeVisible()
    await expect(page.getByRole('img', { name: /samples of LCF, seed 2/ })).toBeVisible()
    await lab.view('Condition')
    await expect(page.getByRole('tabpanel', { name: 'Condition' }).locator('.recharts-line').first()).toBeVisible()

    await lab.button('Open').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'LCF on gratings' }).click()
    await dialog.getByRole('combobox', { name: 'Features for probes' }).selectOption('none')
    await dialog.getByRole('button', { name: 'Evaluate', exact: true }).click()
    await expect(dialog.getByTestId('evaluation')).toContainText('onnxruntime-web on the processor', { timeout: 60_000 })
    await page.keyboard.press('Escape')

    await page.getByRole('combobox', { name: 'Experiment' }).selectOption('designs')
    await expect(page.getByText(/^Recorded run, not yours All four designs/)).toBeVisible()
  }
  await lab.open(quick)
  await page.evaluate(() => navigator.serviceWorker.ready)
  await look()
  await lab.button('About').click()
  await expect(page.getByText(/opens without a network too/)).toBeVisible()
  await page.keyboard.press('Escape')
  expect(host.astray).toEqual([])

  await lab.open(quick)
  await context.setOffline(true)
  await page.reload()
  await look()
})

test('what stands before the charts is at most 170 kB of script, and onnxruntime no part of it @no-gpu', () => {
  const built = process.env.LNL_E2E_OUT!
  const first = [...readFileSync(join(built, 'index.html'), 'utf8').matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map(([, file]) => file)
  expect(first.length).toBeGreaterThan(0)
  const scripts = first.map((file) => readFileSync(join(built, file)))
  expect(scripts.reduce((sum, script) => sum + gzipSync(script).length, 0)).toBeLessThanOrEqual(170_000)
  expect(scripts.some((script) => script.includes('ort-wasm'))).toBe(false)
})
