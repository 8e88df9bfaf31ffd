import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { publish } from './back-end.ts'
import { keepPicture, launchBrowser, signIn } from './browser.ts'

let server: ServerProcess
let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
  server = await ServerProcess.start()
})
afterAll(async () => {
  await browser?.close()
  await server?.remove()
})

test('the server is killed and comes back: people are told, and everything is there once and in order', async () => {
  const [ada, grace] = [
    await signIn(browser, server.url, 'Ada Lovelace', { path: '/#chat:general' }),
    await signIn(browser, server.url, 'Grace Hopper', { path: '/#chat:general' }),
  ]
  await ada.send('before')
  await expect.poll(grace.messages, { timeout: 10_000 }).toEqual(['before'])

  await server.kill()
  await ada.page.getByText('Connection lost, trying again.').waitFor()
  await ada.send('meanwhile 1')
  await ada.send('meanwhile 2')
  await ada.page.getByText('2 messages wait.').waitFor()
  expect(await ada.page.getByRole('img', { name: 'Sending' }).count()).toBe(2)
  expect(await ada.page.getByText('was here when the connection was lost').count()).toBe(2)
  await keepPicture(ada.page, 'connection-lost')

  await server.start()
  await publish(server, { channel: 'chat:general', data: { text: 'from a back end' } })
  const seen = async () => (await grace.messages()).toSorted()
  await expect
    .poll(seen, { timeout: 30_000 })
    .toEqual(['before', 'from a back end', 'meanwhile 1', 'meanwhile 2'])
  const order = await grace.messages()
  expect(order.indexOf('meanwhile 1')).toBeLessThan(order.indexOf('meanwhile 2'))
  await expect.poll(ada.messages, { timeout: 30_000 }).toEqual(order)
  await expect.poll(() => ada.page.getByRole('img', { name: 'Sending' }).count()).toBe(0)
  await expect.poll(() => ada.page.getByRole('img', { name: 'Stored' }).count()).toBe(3)
  await expect.poll(() => ada.page.getByText('Connection lost').count()).toBe(0)

  // Nothing comes twice, even later, and life goes on.
  await grace.send('after')
  for (const window of [ada, grace]) await expect.poll(window.messages).toEqual([...order, 'after'])
})

test('without a network the banner says so, what is written waits, and goes out when it is back', async () => {
  const { page, send, messages } = await signIn(browser, server.url, 'Mary Jackson', {
    path: '/#chat:offline',
  })
  await page.getByText('Nothing has been said here yet.').waitFor()
  // The sockets are cut too: emulated networks leave those that are open alone.
  await page.context().setOffline(true)
  await server.kill()
  await page.getByText('No network.').waitFor()
  await send('written in a tunnel')
  await page.getByText('1 message waits.').waitFor()
  await server.start()
  await page.context().setOffline(false)
  await page.getByRole('img', { name: 'Stored' }).waitFor()
  await page.getByText('Connected again.').waitFor()
  expect(await messages()).toEqual(['written in a tunnel'])
})

test('a conversation outlives its server: what was written meanwhile is counted, kept, and sent once', async () => {
  const path = '/#conversation:general'
  const [ada, grace] = [
    await signIn(browser, server.url, 'Ada Lovelace', { path }),
    await signIn(browser, server.url, 'Grace Hopper', { path }),
  ]
  const said = ({ page }: typeof ada) =>
    page.getByRole('log', { name: 'Messages in General' }).locator('.parley-text').allInnerTexts()
  await ada.send('before')
  await expect.poll(() => said(grace), { timeout: 10_000 }).toEqual(['before'])

  await server.kill()
  await ada.page.getByText('Connection lost, trying again.').waitFor()
  await ada.send('meanwhile 1')
  await ada.send('meanwhile 2')
  await ada.page.getByText('2 messages wait.').waitFor()
  expect(await said(ada)).toEqual(['before', 'meanwhile 1', 'meanwhile 2'])
  await keepPicture(ada.page, 'conversation-offline')

  await server.start()
  for (const window of [ada, grace])
    await expect
      .poll(() => said(window), { timeout: 30_000 })
      .toEqual(['before', 'meanwhile 1', 'meanwhile 2'])
  await expect.poll(() => ada.page.getByText('Connection lost').count()).toBe(0)
  await grace.send('after')
  for (const window of [ada, grace])
    await expect
      .poll(() => said(window), { timeout: 10_000 })
      .toEqual(['before', 'meanwhile 1', 'meanwhile 2', 'after'])
})
