import { expect, kept, test } from './lab.ts'

const faults = [
  { kind: 'non-finite', words: 'The loss stopped being a number at step 7.', way: /Restart with learning rate 0.0015/ },
  { kind: 'kernel', words: 'The GPU refused a kernel at step 7.', way: 'Restart' },
  { kind: 'internal', words: 'The training program stopped at step 7.', way: 'Restart' },
] as const

for (const { kind, words, way } of faults) {
  test(`${kind}: told in words, what was measured is kept, and there is a way on`, async ({ lab, page }) => {
    await lab.answerInstead('resume', { type: 'fault', kind, step: 7, message: 'What the machine said.' })
    await lab.open()
    await lab.run(25)
    await lab.pause()
    await lab.button('Go on').click()
    const alert = page.getByRole('alert')
    await expect(alert.getByRole('heading', { name: words })).toBeVisible()
    await expect(alert.getByText('What the machine said.')).toBeVisible()
    await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(3)
    await lab.expectNoAxeViolations()
    await alert.getByRole('button', { name: way }).click()
    await expect(lab.button('Pause')).toBeVisible()
    await expect(alert).toHaveCount(0)
  })
}

test('device-lost: one resume by itself from the last save, and the second time a way on', async ({ lab, page }) => {
  await lab.answerInstead('resume', { type: 'fault', kind: 'device-lost', step: 7, message: 'What the machine said.' })
  await lab.open()
  await lab.run(25)
  const step = await lab.pause()
  await kept(page, step)
  await lab.button('Go on').click()
  const alert = page.getByRole('alert')
  await expect(alert).toContainText(`The GPU was reset at step 7. The run goes on from step ${step}`)
  await expect(lab.button('Go on')).toBeVisible()
  expect(await lab.steps()).toBe(step)
  await lab.expectNoAxeViolations()

  await lab.button('Go on').click()
  await expect(alert.getByRole('heading', { name: 'The GPU was reset at step 7.' })).toBeVisible()
  await expect(alert.getByText('What the machine said.')).toBeVisible()
  await expect(lab.chart('lossByT').locator('.recharts-line')).toHaveCount(3)
  await expect(alert.getByRole('button', { name: `Go on from step ${step}` })).toBeVisible()
  await alert.getByRole('button', { name: 'Restart', exact: true }).click()
  await expect(lab.button('Pause')).toBeVisible()
})

for (const kind of ['config', 'memory'] as const) {
  test(`${kind}: a refused start leaves the run that was there`, async ({ lab, page }) => {
    await lab.open()
    await lab.run(5)
    const step = await lab.pause()
    // From now on no start succeeds; the worker is there already, so its answer is put in on the page's side of the wire.
    await page.evaluate((kind) => {
      const send = Worker.prototype.postMessage
      Worker.prototype.postMessage = function (this: Worker, command: { type: string; runId?: string }) {
        if (command.type !== 'start') return send.call(this, command)
        this.dispatchEvent(new MessageEvent('message', { data: { type: 'fault', kind, message: 'Too much.', runId: command.runId } }))
      } as typeof send
    }, kind)
    await lab.button('Restart').click()
    await expect(page.getByRole('alert').getByText('Too much.')).toBeVisible()
    await expect(lab.button('Go on')).toBeVisible()
    expect(await lab.steps()).toBe(step)
    await lab.button('Go on').click()
    await lab.atLeast(step + 1)
  })
}
