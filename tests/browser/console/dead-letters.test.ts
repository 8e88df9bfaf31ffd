import { implement, job } from '@parley/kernel'
import { deliveryModule } from '@parley/modules'
import { command, defineContract, ParleyError } from '@parley/protocol'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { barriers, keepPicture, launchBrowser } from '../browser.ts'
import { type CrowdedNode, crowdedNode } from './crowded-node.ts'
import { openConsole } from './operator.ts'

const soon = { timeout: 15_000 }
const letter = z.strictObject({ to: z.string().min(1).max(64) })
const contract = defineContract({
  name: 'post',
  summary: 'Letters.',
  commands: {
    write: command({
      summary: 'Has a letter sent.',
      input: letter,
      output: z.strictObject({}),
      permission: { action: 'manage' },
      rest: 'POST /letters',
    }),
  },
  events: {},
})

let isClosed = true
const arrived: string[] = []
const post = implement(contract, {
  handlers: {
    write: (ctx, input) => {
      ctx.jobs.request({ job: 'post.send', input })
      return {}
    },
  },
  jobs: {
    send: job<z.output<typeof letter>>({
      summary: 'Takes a letter to the post office.',
      input: letter,
      retry: { maxRetries: 2, baseMs: 1 },
      run: (ctx, { to }) => {
        if (isClosed) throw new ParleyError('unavailable', 'The post office is closed.')
        ctx.whenCommitted(() => arrived.push(to))
      },
    }),
  },
})

let node: CrowdedNode
let browser: Browser

beforeAll(async () => {
  node = await crowdedNode(0, [deliveryModule(), post])
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await node?.close()
})

test('work that was given up says why, and is done anew once its cause is mended, or thrown away', async () => {
  const window = await openConsole(browser, node, { path: '/dead-letters' })
  const { page } = window
  const receivers = () =>
    expect.poll(async () => (await window.rows('Dead letters')).map(([name, why]) => `${name}: ${why}`), soon)
  await page.getByText('Nothing was given up').waitFor(soon)
  await window.goTo('Modules')
  await page.getByRole('row', { name: /^post\.write/ }).click()
  const form = page.getByRole('region', { name: 'post.write' })
  for (const to of ['ada', 'grace', 'alan']) {
    await form.getByRole('textbox', { name: 'to' }).fill(to)
    await form.getByRole('button', { name: 'Run' }).click()
    await form.getByRole('group', { name: 'Answer', exact: true }).waitFor(soon)
  }
  await window.goTo('Dead letters')
  await receivers().toEqual(Array.from({ length: 3 }, () => 'post.send: The post office is closed.'))

  await page
    .getByRole('row', { name: /^post\.send/ })
    .first()
    .click()
  const panel = page.getByRole('region', { name: 'post.send' })
  await panel.getByText('Takes a letter to the post office.').waitFor(soon)
  await panel.getByRole('group', { name: 'Input of the job' }).getByText('"to"').waitFor(soon)
  expect(await barriers(page)).toEqual([])
  await keepPicture(page, 'console-dead-letter')
  await panel.getByRole('button', { name: 'Throw it away' }).click()
  await receivers().toHaveLength(2)

  isClosed = false
  await page.getByRole('button', { name: 'Do all anew' }).click()
  await page.getByText('Nothing was given up').waitFor(soon)
  await expect.poll(() => arrived.length, soon).toBe(2)
  expect(window.problems).toEqual([])
})
