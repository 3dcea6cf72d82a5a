import { cifar, pictures, zip } from '../support/own_files.ts'
import { expect, test, tiny } from './lab.ts'

test('images of one’s own: dropped, looked at, kept, trained on, there after a reload, deleted', async ({ lab, page }) => {
  await lab.open(`${tiny}&net.size=8`)
  await lab.button('Your own data …').click()
  const dialog = page.getByRole('dialog', { name: 'Your own data' })

  await dialog.getByLabel('Files with images').setInputFiles({ name: 'cut.bin', mimeType: '', buffer: Buffer.alloc(1000) })
  await expect(dialog.getByRole('alert')).toHaveText(/^cut.bin has 1,000 bytes, which is no whole number of CIFAR-10 records/)

  const archive = Buffer.from(zip(pictures(60, 3, 12, 8))).toString('base64')
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], 'pets.zip'))
    return data
  }, archive)
  await dialog.getByTestId('own-drop').dispatchEvent('drop', { dataTransfer: transfer })
  await expect(dialog.getByText('60 images of 12×8 pixels; kept as pictures in folders, 8×8 pixels, in colour, 2 classes.')).toBeVisible()
  await expect(dialog.getByRole('alert')).toHaveCount(0)
  await expect(dialog.getByTestId('own-split')).toHaveText(/^44 images to train on, 16 held out/)
  await expect(dialog.getByRole('img')).toHaveCount(16)
  await expect(dialog.getByRole('img', { name: 'first' }).or(dialog.getByRole('img', { name: 'second' }))).toHaveCount(16)
  await lab.expectNoAxeViolations()
  await dialog.getByRole('combobox', { name: 'Colours' }).selectOption({ label: 'grey' })
  await expect(dialog.getByText('8×8 pixels, grey, 2 classes.')).toBeVisible()
  await dialog.getByRole('combobox', { name: 'Colours' }).selectOption({ label: 'as in the file' })
  await expect(dialog.getByText('in colour, 2 classes.')).toBeVisible()

  await lab.button('Keep and use').click()
  await expect(dialog).toHaveCount(0)
  const data = page.getByRole('combobox', { name: 'Data' })
  await expect(data.locator('option:checked')).toHaveText('pets (yours)')
  await expect(page).toHaveURL(/data\.dataset=own-pets-[0-9a-f]{8}/)
  await expect(page).toHaveURL(/net\.channels=3/)
  for (const step of [1, 2, 3]) {
    await lab.button('Step').click()
    await expect(lab.step).toHaveText(String(step))
  }

  await page.reload()
  await expect(data.locator('option:checked')).toHaveText('pets (yours)')
  await expect(page.getByRole('img', { name: /4 real images/ })).toBeVisible()
  await lab.button('Your own data …').click()
  await dialog.getByRole('button', { name: 'Delete pets', exact: true }).click()
  await dialog.getByRole('button', { name: 'Delete pets for good' }).click()
  await expect(dialog.getByRole('region', { name: 'Kept in this browser' })).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(data.locator('option:checked')).toHaveText(/^own-pets-.* \(not here\)$/)
  await expect(page.getByRole('alert').filter({ hasText: 'which is not kept in this browser' })).toBeVisible()
  await data.selectOption({ label: 'Gratings' })
  await expect(page).not.toHaveURL(/net\.channels/)
})

test('a set that is damaged is left out with a sentence, and all else works', async ({ lab, page }) => {
  await lab.open()
  await expect(lab.button('Run')).toBeEnabled() // the training thread has looked for sets by then, and made their database
  await page.evaluate(() => new Promise<void>((resolve) => {
    const opening = indexedDB.open('low-noise-lab-data')
    opening.onsuccess = () => {
      const writing = opening.result.transaction('sets', 'readwrite')
      writing.objectStore('sets').put({ id: 'own-hollow' })
      writing.oncomplete = () => (opening.result.close(), resolve())
    }
  }))
  await page.reload()
  await lab.run(3)
  await lab.pause()
  await lab.button('Your own data …').click()
  await expect(page.getByText(/^A set that is kept here is damaged/)).toBeVisible()
  await lab.expectNoAxeViolations()
})

test('a file in CIFAR-10’s format trains', async ({ lab, page }) => {
  await lab.open(`${tiny}&net.size=8`)
  await lab.button('Your own data …').click()
  const dialog = page.getByRole('dialog', { name: 'Your own data' })
  await dialog.getByLabel('Files with images').setInputFiles({ name: 'data_batch_1.bin', mimeType: '', buffer: Buffer.from(cifar(100)) })
  await expect(dialog.getByText('100 images of 32×32 pixels; kept as CIFAR-10 binary, 32×32 pixels, in colour, 10 classes.')).toBeVisible()
  await dialog.getByRole('textbox', { name: 'Side' }).fill('8')
  await dialog.getByRole('textbox', { name: 'Side' }).press('Enter')
  await expect(dialog.getByText('100 images of 32×32 pixels; kept as CIFAR-10 binary, 8×8 pixels, in colour, 10 classes.')).toBeVisible()
  await lab.button('Keep and use').click()
  await expect(page.getByRole('combobox', { name: 'Data' }).locator('option:checked')).toHaveText('data_batch_1 (yours)')
  await lab.run(20)
  await lab.pause()
  await expect(lab.chart('lossByT').locator('.recharts-line').first()).toBeVisible()
})
