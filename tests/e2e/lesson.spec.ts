import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { type Lab, expect, groups, test, tiny } from './lab.ts'

/** Someone who has a keyboard and nothing else. */
class Student {
  readonly lesson: Locator

  constructor(readonly page: Page, readonly lab: Lab) {
    this.lesson = page.getByRole('complementary', { name: 'Lesson' })
  }

  /** Tab, or Shift and Tab, until it has the focus. */
  async reach(target: Locator): Promise<void> {
    await expect(target).toBeVisible()
    const back = await target.evaluate((element) => Boolean(element.compareDocumentPosition(document.activeElement ?? document.body) & Node.DOCUMENT_POSITION_FOLLOWING))
    for (let i = 0; i < 200; i++) {
      if (await target.evaluate((element) => element === document.activeElement)) return
      await this.page.keyboard.press(back ? 'Shift+Tab' : 'Tab')
    }
    throw new Error(`Tab does not lead to ${target.toString()}`)
  }

  async press(target: Locator): Promise<void> {
    await this.reach(target)
    await this.page.keyboard.press('Enter')
  }

  part(name: string | RegExp): Locator {
    return this.lesson.getByRole('region', { name })
  }

  async choose(part: string, choice: string): Promise<void> {
    await this.press(this.part(part).getByRole('button', { name: choice, exact: true }))
  }

  async keys(slider: Locator, ...keys: string[]): Promise<void> {
    await this.reach(slider)
    for (const key of keys) await this.page.keyboard.press(key)
  }

  async open(view: string): Promise<void> {
    if (groups[view]) await this.open(groups[view])
    const tabs = this.page.getByRole('tablist', { name: groups[view] ?? 'View' })
    const tab = tabs.getByRole('tab', { name: view, exact: true })
    await this.reach(tabs.getByRole('tab', { selected: true }))
    for (let i = 0; i < 20 && !(await tab.evaluate((element) => element === document.activeElement)); i++) await this.page.keyboard.press('ArrowRight')
    await this.page.keyboard.press('Enter')
    await expect(tab).toHaveAttribute('aria-selected', 'true')
  }

  /** A group of toggles is one stop of Tab; arrows move within. */
  async excess(): Promise<void> {
    await this.keys(this.lab.button('Loss'), 'ArrowRight', 'Enter')
    await expect(this.lab.button('Excess')).toHaveAttribute('aria-pressed', 'true')
  }

  /** Tries one answer after the other; what is right depends on the run. */
  async findOut(): Promise<void> {
    const check = this.part('Check')
    const choices = check.getByRole('button')
    await expect(choices.first()).toBeVisible()
    for (let i = 0; i < (await choices.count()); i++) {
      await this.press(choices.nth(i))
      if (await check.getByText('✓ Right.').isVisible()) return
      await expect(check.getByText(/^Not that one\./)).toBeVisible()
    }
    throw new Error('none of the answers is right')
  }

  /** Numbers of the run in front of the student. */
  found(): Locator {
    return this.lesson.locator('[data-found]')
  }

  async next(): Promise<void> {
    const heading = await this.lesson.getByRole('heading', { level: 3 }).textContent()
    await this.press(this.lesson.getByRole('button', { name: /^Next: / }))
    await expect(this.lesson.getByRole('heading', { level: 3 })).not.toHaveText(heading!)
    await expect(this.lesson.getByRole('heading', { level: 3 })).toBeFocused()
  }

  /** Step 1, the same with and without a GPU. */
  async path(): Promise<void> {
    await expect(this.page.getByRole('img', { name: 'A clean image' })).toBeVisible()
    await this.choose('Predict', 't = 0.2')
    const t = this.lesson.getByRole('slider', { name: 'Noise level t' })
    await this.keys(t, 'Home')
    await expect(this.part('Do').getByText('Not done yet.')).toBeVisible()
    await this.keys(t, 'End')
    await expect(this.page.getByRole('img', { name: 'An image mixed with noise at t = 1.00' })).toBeVisible()
    await expect(this.part('Do').getByText('✓ Done.')).toBeVisible()
    await this.choose('Check', 'At t = 1')
    await expect(this.part('Check').getByText(/^Not that one\. Put t at its left end/)).toBeVisible()
    await expect(this.part(/^Name it/)).toHaveCount(0)
    await this.choose('Check', 'At t = 0')
    await expect(this.part('Name it: Noise level')).toBeVisible()
    await this.next()
  }
}

async function shipped(page: Page): Promise<void> {
  await page.unroute('**/studies/*')
}

test('a newcomer without a GPU takes the whole lesson on the recorded run, by keyboard alone @no-gpu', async ({ lab, page }) => {
  test.setTimeout(180_000)
  await shipped(page)
  const student = new Student(page, lab)
  await lab.open('')
  await student.press(lab.button('Take the lesson'))
  await expect(page).toHaveURL(/#lesson=1$/)
  await expect(student.lesson.getByRole('heading', { level: 3 })).toBeFocused()
  await student.path()

  // The charts are covered until the prediction is made and the run is asked for.
  await expect(page.getByText(/^The charts are covered/)).toBeVisible()
  await expect(page.locator('figure')).toHaveCount(0)
  await lab.expectNoAxeViolations()
  await student.choose('Predict', 'Above 0.5, nearly noise')
  await student.press(lab.button('Show the recorded run'))
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(2) // FM and the floor, LCF later
  await student.choose('Check', 'Below t = 0.1')
  await expect(student.found()).toHaveText(/^In this run, recorded on 21 Nov 2026, at step 1,755: the loss of FM is 1\.0432 ± 0\.0064 at t = 0\.001.*Mean ± standard deviation over 3 seeds\.$/)
  await student.next()

  await student.choose('Predict', 'About half')
  await student.excess()
  await student.choose('Check', 't = 0.05')
  await expect(student.lesson.getByText(/Does not reproduce at this scale/)).toContainText('the opposite came out')
  await student.next()

  await student.choose('Predict', 'Both stay apart')
  await student.keys(student.lesson.getByRole('slider', { name: 'Noise level t' }), 'Home')
  await student.choose('Check', '100')
  await expect(student.found()).toContainText('0.736 ± 0.016 for each unit of input, where 1,000 is demanded')
  await expect(lab.chart('probe')).toHaveCount(0)
  await expect(lab.chart('condition')).toContainText('FM 0.736 ± 0.016; demanded 1,000') // of the network that is shown
  await expect(lab.chart('condition').locator('.t-min')).toHaveCount(0)
  await expect(lab.chart('condition')).not.toContainText('LCF') // its turn is later
  await student.next()

  await student.choose('Predict', '0.1 to 0.5')
  await student.open('Over training')
  await student.findOut()
  await student.next()

  await student.choose('Predict', 'Better: there is less noise')
  await expect(student.part('Do').getByText('Not done yet.')).toBeVisible()
  await student.open('Probe')
  await student.choose('Check', 't = 0.1')
  await expect(student.found()).toContainText('50.9 ± 5.9 % at t = 0.001')
  await student.next()

  await student.choose('Predict', 'Worse')
  await expect(lab.chart('probe.accuracy').locator('.recharts-line')).toHaveCount(3) // FM, raw pixels, chance
  await student.press(page.getByRole('button', { name: 'LCF ×3' }))
  await expect(lab.chart('probe.accuracy').locator('.recharts-line')).toHaveCount(4)
  await expect(lab.chart('probe.accuracy').locator('.t-min')).toHaveCount(1)
  await student.choose('Check', 'In all')
  await student.next()

  // What was done is still there after the tab was closed, at the step where it was.
  await page.reload()
  await expect(student.lesson.getByRole('heading', { level: 3 })).toHaveText('8. What did you pay?')
  await expect(student.lesson.getByRole('button', { name: /, done$/ })).toHaveCount(7)
  await student.choose('Predict', 'Lower')
  await student.keys(student.lesson.getByRole('slider', { name: /^T_min/ }), 'End')
  await student.choose('Check', 'Higher in all')
  await expect(student.found()).toContainText(/7\.33 ± 0\.30 from held-out images with FM/)
  await student.reach(student.lesson.getByRole('textbox', { name: /^In your own words/ }))
  await page.keyboard.type('It paid below T_min.')
  await expect(student.lesson.getByText('All eight steps are done.')).toBeVisible()
  await expect(student.lesson.getByText(/^Of 15 claims/)).toBeVisible()
  await lab.expectNoAxeViolations()
  await student.press(lab.button('To the whole lab'))
  await expect(student.lesson).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Lesson 8/8' })).toBeFocused()
})

test('with a software GPU the same lesson runs on a run of one’s own, by keyboard alone', async ({ lab, page }) => {
  test.setTimeout(240_000)
  const own = new URLSearchParams(tiny)
  own.set('data.count', '128')
  own.set('measures', 'condition:0,levels:4,pairs:8;probe:0,labels:16,draws:2,test:32,t:0.001%200.1%200.5')
  const student = new Student(page, lab)
  await lab.open(`${decodeURIComponent(own.toString())}&lesson=1`)
  await expect(lab.button('Run')).toBeEnabled()
  await student.path()

  await student.choose('Predict', 'Below t = 0.1, nearly clean')
  await expect(lab.button('Show the recorded run')).toHaveCount(0) // none came with this page
  await student.press(lab.button('Start the run'))
  await student.findOut()
  await expect(student.found()).toHaveText(/^In this run, yours, at step \d+: the loss of FM is [\d.]+ ± [\d.]+ at t = 0\.001.*One seed only/)
  await lab.atLeast(60) // two looks at the bands, for step 4
  await student.press(page.getByRole('button', { name: 'Pause', exact: true })) // so that the numbers stay what they are, and keys are quick
  await student.next()

  await student.choose('Predict', 'Most of it')
  await student.excess()
  await student.findOut()
  await student.next()

  await student.choose('Predict', 'Inputs meet, the answers stay apart')
  await student.keys(student.lesson.getByRole('slider', { name: 'Noise level t' }), 'Home')
  await student.choose('Check', '100')
  await student.next()

  await student.choose('Predict', 'above 0.5')
  await student.open('Over training')
  await student.findOut()
  await student.next()

  await student.choose('Predict', 'Worse')
  await student.open('Probe')
  await expect(student.part('Do').getByText('Not done yet.')).toBeVisible()
  await student.press(lab.button('Measure now'))
  await expect(student.part('Do').getByText('✓ Done.')).toBeVisible({ timeout: 90_000 })
  await student.findOut()
  await student.next()

  await student.choose('Predict', 'Better')
  await student.press(page.getByRole('group', { name: 'Shown on all charts' }).getByRole('button', { name: 'LCF', exact: true }))
  await student.findOut()
  await student.next()

  await student.choose('Predict', 'Higher')
  await student.keys(student.lesson.getByRole('slider', { name: /^T_min/ }), 'End')
  await student.findOut()
  await expect(student.lesson.getByText('All eight steps are done.')).toBeVisible()
  await lab.expectNoAxeViolations()
})

test('a link opens the lesson at its step; steps are left, found again and undone by Back @no-gpu', async ({ lab, page }) => {
  await shipped(page)
  await lab.open('lesson=4')
  const lesson = page.getByRole('complementary', { name: 'Lesson' })
  const heading = lesson.getByRole('heading', { level: 3 })
  await expect(heading).toHaveText('4. One image, two noises')
  await expect(page.getByRole('alert')).toHaveCount(1) // the missing GPU, and nothing about the link
  await lesson.getByRole('button', { name: /^Step 6:/ }).click()
  await expect(heading).toHaveText(/^6\./)
  await expect(page).toHaveURL(/#lesson=6$/)
  await page.goBack()
  await expect(heading).toHaveText(/^4\./)
  await lesson.getByRole('button', { name: 'Leave', exact: true }).click()
  await expect(lesson).toHaveCount(0)
  await expect(page).not.toHaveURL(/lesson/)
  await expect(page.getByRole('complementary', { name: 'Settings' })).toBeVisible()
  await page.getByRole('button', { name: 'Lesson', exact: true }).click()
  await expect(heading).toHaveText(/^4\./)

  await lesson.getByRole('button', { name: 'Leave', exact: true }).click()
  await page.goto('#lesson=77')
  await expect(page.getByText('The link asks for step 77 of the lesson; there are 1 to 8.')).toBeVisible()
  await expect(lesson).toHaveCount(0)
})

test('what the browser kept of the lesson may be damaged @no-gpu', async ({ lab, page }) => {
  await page.addInitScript(() => localStorage.setItem('low-noise-lab.lesson', '{"state":{"at":"gone","progress":7},"version":0}'))
  await lab.open('lesson=2')
  await expect(page.getByRole('complementary', { name: 'Lesson' }).getByRole('heading', { level: 3 })).toHaveText(/^2\./)
})

test('the teacher’s sheet has the numbers to expect, and prints alone @no-gpu', async ({ lab, page }) => {
  await shipped(page)
  await lab.open('lesson=3')
  await lab.button('Teacher’s sheet').click()
  const sheet = page.getByRole('dialog', { name: 'Teacher’s sheet' })
  await expect(sheet.getByText(/#lesson=3/)).toBeVisible()
  await expect(sheet.getByRole('row', { name: /^2\. Where is the task hardest\?/ })).toContainText('1.0432 ± 0.0064')
  await expect(sheet.locator('tbody tr')).toHaveCount(8)
  await expect(sheet.locator('tbody tr td:last-child', { hasText: '–' })).toHaveCount(0)
  await lab.expectNoAxeViolations()
  await page.emulateMedia({ media: 'print' })
  await expect(sheet.getByRole('heading', { name: 'What students get wrong' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Low-Noise Lab' })).toBeHidden()
  await expect(sheet.getByRole('button', { name: 'Print' })).toBeHidden()
  await page.emulateMedia({ media: 'screen' })
  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
})

test('formulas are MathML, and no script of KaTeX’s is loaded @no-gpu', async ({ lab, page }) => {
  const scripts: string[] = []
  page.on('response', (response) => response.request().resourceType() === 'script' && scripts.push(response.url()))
  await lab.open('lesson=4')
  const formula = page.getByRole('complementary', { name: 'Lesson' }).locator('math')
  await expect(formula).toBeVisible()
  expect((await formula.boundingBox())!.height).toBeGreaterThan(30) // a fraction stands above its denominator
  expect(scripts.filter((url) => /katex/i.test(url))).toEqual([])
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in any step, ${colorScheme} @no-gpu`, async ({ lab, page }) => {
    await shipped(page)
    await page.emulateMedia({ colorScheme })
    await page.addInitScript(() => {
      const done = { predicted: 'low', did: true, answered: 'x', right: true }
      const progress = Object.fromEntries(['path', 'hardest', 'floor', 'condition', 'bands', 'probe', 'lcf', 'cost'].map((id) => [id, done]))
      localStorage.setItem('low-noise-lab.lesson', JSON.stringify({ state: { at: 'path', progress, revealed: true, notes: '' }, version: 0 }))
    })
    await lab.open('lesson=1')
    const lesson = page.getByRole('complementary', { name: 'Lesson' })
    for (let step = 1; step <= 8; step++) {
      await lesson.getByRole('button', { name: new RegExp(`^Step ${step}:`) }).click()
      await expect(lesson.getByRole('region', { name: /^Name it/ })).toBeVisible()
      expect(await lesson.locator('math').evaluate((math) => math.scrollWidth - math.parentElement!.parentElement!.clientWidth)).toBeLessThanOrEqual(0)
      const { violations } = await new AxeBuilder({ page }).include('#lesson').analyze() // what stands beside has tests of its own
      expect(violations).toEqual([])
    }
  })
}

test('on a phone the lesson stands above one chart, and nothing is wider than the screen @phone', async ({ lab, page }) => {
  await shipped(page)
  await lab.open('lesson=2')
  const lesson = page.getByRole('complementary', { name: 'Lesson' })
  await lesson.getByRole('button', { name: 'Above 0.5, nearly noise' }).tap()
  await expect(lesson.getByRole('button', { name: 'To the chart ↓' })).toHaveCount(1) // before it is done, too
  await lab.button('Show the recorded run').tap()
  await expect(page.locator('figure')).toHaveCount(1)
  await lesson.getByRole('button', { name: 'Below t = 0.1', exact: true }).tap()
  await expect(lesson.locator('[data-found]')).toContainText('1.0432 ± 0.0064')
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  for (const button of await lesson.getByRole('button').all()) expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44)
  await lab.expectNoAxeViolations()
})
