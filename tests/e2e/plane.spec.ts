import { readFile } from 'node:fs/promises'
import type { Locator } from '@playwright/test'
import { expect, test, tiny } from './lab.ts'

/** A net of one token on few points, measured once. */
const points = new URLSearchParams(tiny)
for (const [name, value] of Object.entries({
  'net.channels': '2', 'net.size': '1', 'net.patch': '1', 'net.heads': '1', 'net.attention': 'false', 'data.dataset': 'eight-gaussians', 'data.count': '256', 'data.heldOut': '128', 'evaluate.measure': 'true', view: 'plane',
  measures: 'plane:20,points:32,steps:6,arrows:5;condition:0;probe:0;features:0;latents:0;jacobian:0',
})) points.set(name, value)

const picture = (canvas: Locator) => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL())

test('points on their way: every view at the level of the slider, by hand and by itself', async ({ lab, page }) => {
  await lab.open(decodeURIComponent(points.toString()))
  await lab.run(20)
  const figure = page.locator('figure').first()
  await expect(figure.getByRole('img', { name: /points at t = 0\.00$/ })).toHaveCount(4, { timeout: 60_000 }) // pairs, two nets, the best velocity
  await lab.pause()
  await lab.expectNoAxeViolations()

  const net = figure.getByRole('img', { name: /^FM: 32 points/ })
  const ends = await picture(net)
  await page.getByRole('slider', { name: 'Noise level t of the points' }).press('Home')
  await expect(figure.getByRole('img', { name: /points at t = 1\.00$/ })).toHaveCount(4)
  const noise = await picture(net)
  expect(noise).not.toBe(ends)
  // The same answers read as clean points; a link has it, and every other picture follows.
  await figure.getByRole('button', { name: 'x̂₀, answers as images' }).click()
  await expect.poll(() => picture(net)).not.toBe(noise)
  await expect(figure.getByText(/Lines lead from each place to where its answer takes the clean point to be/)).toBeVisible()
  await expect(page).toHaveURL(/answers=denoiser/)
  await figure.getByRole('button', { name: 'v, answers as velocities' }).click()
  await expect.poll(() => picture(net)).toBe(noise)
  await page.getByRole('checkbox', { name: 'Arrows' }).uncheck()
  await expect.poll(() => picture(net)).not.toBe(noise)

  await lab.button('Play').click()
  await expect(figure.getByRole('img', { name: /^FM: 32 points at t = 0\.[1-9]/ })).toBeVisible()
  await lab.button('Hold').click()

  await page.getByRole('button', { name: /^Save Points on their way/ }).click()
  const coming = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Numbers (CSV)' }).click()
  const text = await readFile(await (await coming).path(), 'utf8')
  expect(text.split('\n').filter((line) => /^FM,/.test(line)).length).toBeGreaterThan(32) // its ends, and its distances
})

test('a drawing is seen, trained on when Run is pressed, and a link has it', async ({ lab, page }) => {
  await lab.open()
  await lab.button('Your own data …').click()
  const board = page.getByRole('button', { name: /^Drawing of/ })
  await board.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await board.boundingBox())!
  await page.mouse.move(x + 0.2 * width, y + 0.2 * height)
  await page.mouse.down()
  await page.mouse.move(x + 0.2 * width, y + 0.8 * height, { steps: 8 })
  await page.mouse.up()
  await page.getByRole('radio', { name: 'Second' }).check()
  await board.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Space')
  await expect(board).toHaveAccessibleName(/^Drawing of (\d|1\d) points/)
  await lab.expectNoAxeViolations()
  await lab.button('Use it').click()
  await expect(page.getByRole('main')).toBeFocused()
  await expect(lab.announcement).toHaveText('Your drawing is chosen. Press Run to train on it.')
  await expect(page.getByRole('img', { name: /held-out points of Your drawing$/ })).toBeVisible()
  await expect(page).toHaveURL(/data\.dataset=drawn-0[\w-]+\.1[\w-]{2}&/)
  await expect(page.getByRole('combobox', { name: 'Data' })).toHaveValue(/^drawn-/)
  await page.reload()
  await expect(page.getByRole('combobox', { name: 'Data' })).toHaveValue(/^drawn-/)
  await lab.run(2)
})
