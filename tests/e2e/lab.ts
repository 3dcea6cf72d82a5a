/** The page as a visitor meets it, and what every test of it watches: no console error, no request to another host, nothing axe finds. */
import { AxeBuilder } from '@axe-core/playwright'
import { type Locator, type Page, expect, test as base } from '@playwright/test'
import type { StudyRecord } from '../../src/record_schema.ts'

/** Small enough for a processor that plays GPU, large enough for every chart to fill. */
export const tiny = new URLSearchParams({
  'net.width': '16', 'net.blocks': '2', 'objective.layer': '1', 'train.batch': '8', 'train.steps': '100000', 'train.warmup': '5', 'train.learningRate': '0.003',
  'data.count': '64', 'data.heldOut': '32', 'evaluate.every': '20', 'evaluate.perLevel': '8', 'evaluate.samplesEvery': '40', 'evaluate.samples': '4', 'evaluate.solverSteps': '4',
  replicas: 'fm;lcf',
  'evaluate.measure': 'false', // diagnostics have a test of their own
})

/** The tab under which a diagnostic's tab is. */
export const groups: Record<string, string> = {
  Condition: 'Problem', Hessian: 'Problem', Probe: 'Representation', Features: 'Representation', Jacobian: 'Representation',
}

export class Lab {
  readonly step: Locator
  readonly announcement: Locator

  constructor(readonly page: Page) {
    this.step = page.getByTestId('step')
    this.announcement = page.locator('output[aria-live=polite]')
  }

  async open(settings: URLSearchParams | string = tiny): Promise<void> {
    await this.page.goto(`#${settings}`)
    await expect(this.page.getByRole('heading', { name: 'Low-Noise Lab' })).toBeVisible()
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }

  /** The knob's slider; its name may go on with “, live”. */
  slider(title: string): Locator {
    return this.page.getByRole('slider', { name: new RegExp(`^${title}(\\s*, live)?$`) })
  }

  chart(name: string): Locator {
    return this.page.locator(`[data-chart="${name}"]`)
  }

  async view(name: string): Promise<void> {
    const group = groups[name]
    if (group) await this.page.getByRole('tablist', { name: 'View' }).getByRole('tab', { name: group }).click()
    await this.page.getByRole('tablist', { name: group ?? 'View' }).getByRole('tab', { name, exact: true }).click()
  }

  async steps(): Promise<number> {
    return Number((await this.step.textContent())?.replace(/\D/g, ''))
  }

  async atLeast(step: number): Promise<void> {
    await expect.poll(() => this.steps().catch(() => 0), { timeout: 90_000 }).toBeGreaterThanOrEqual(step)
  }

  async run(step = 1): Promise<void> {
    await this.button('Run').click()
    await this.atLeast(step)
  }

  async pause(): Promise<number> {
    await this.button('Pause').click()
    await expect(this.button('Go on')).toBeVisible()
    return this.steps()
  }

  /** What the page is given as its recorded run; nothing, unless a test says so. */
  async recorded(record: StudyRecord | string, picture?: Uint8Array): Promise<void> {
    await this.page.route('**/studies/*.json', (route) => route.fulfill({ contentType: 'application/json', body: typeof record === 'string' ? record : JSON.stringify(record) }))
    if (picture) await this.page.route('**/studies/*.png', (route) => route.fulfill({ contentType: 'image/png', body: Buffer.from(picture) }))
  }

  /** Puts a line before the worker's own script. */
  async beforeWorker(script: string): Promise<void> {
    await this.page.route(/train\.worker/, async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, body: `${script};\n${await response.text()}` })
    })
  }

  /** Lets the worker give this report whenever it gets that command. */
  async answerInstead(command: string, report: object): Promise<void> {
    await this.beforeWorker(
      `addEventListener('message', (event) => { if (event.data.type !== '${command}') return; event.stopImmediatePropagation(); postMessage(${JSON.stringify(report)}) })`,
    )
  }

  /** How far the page has moved under its reader's eyes by itself, as browsers count it (Cumulative Layout Shift). */
  async shift(): Promise<number> {
    return this.page.evaluate(() => (globalThis as { shift?: number }).shift ?? Number.NaN)
  }

  async expectNoAxeViolations(): Promise<void> {
    // A guard of an open menu hands the focus on as it gets it, so that nobody ever stands on it.
    const builder = new AxeBuilder({ page: this.page }).exclude('[data-base-ui-focus-guard]')
    const { violations } = await builder.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)).toEqual([])
  }
}

/** Waits until the browser keeps the run at this step or a later one. */
export async function kept(page: Page, least: number): Promise<number> {
  const step = () => page.evaluate(() => new Promise<number>((resolve) => {
    const opening = indexedDB.open('low-noise-lab-runs')
    opening.onsuccess = () => {
      const database = opening.result
      if (!database.objectStoreNames.contains('heads')) return database.close(), resolve(0)
      const asking = database.transaction('heads').objectStore('heads').getAll()
      asking.onsuccess = () => {
        database.close()
        resolve(Math.max(0, ...(asking.result as { step: number }[]).map((head) => head.step)))
      }
    }
  }))
  await expect.poll(step, { timeout: 30_000 }).toBeGreaterThanOrEqual(least)
  return step()
}

export const test = base.extend<{ lab: Lab }>({
  lab: async ({ page, baseURL }, provide) => {
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    // Not every browser reports these as errors.
    await page.addInitScript(() => { document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => { console.error(`${violatedDirective} blocked ${blockedURI}`) }) })
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (protocol.startsWith('http') && origin !== new URL(baseURL!).origin) complaints.push(`a request to ${request.url()}`)
    })
    await page.addInitScript(() => {
      const counted = globalThis as { shift?: number }
      counted.shift = 0
      new PerformanceObserver((list) => {
        for (const { value, hadRecentInput } of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) if (!hadRecentInput) counted.shift! += value
      }).observe({ type: 'layout-shift', buffered: true })
    })
    await page.route('**/studies/*', (route) => route.fulfill({ status: 204 }))
    await provide(new Lab(page))
    expect(complaints).toEqual([])
  },
})

export { expect }
