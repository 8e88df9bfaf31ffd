import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { barriers, keepPicture, launchBrowser } from './browser.ts'

const path = (name: string) => fileURLToPath(new URL(`../../packages/react/${name}`, import.meta.url))

const channel = 'conversation:a'
const look = `
  html { color-scheme: light dark; background: var(--parley-background); }
  body { margin: 0; } h1 { font: 600 16px var(--parley-font); margin: 0; }
  #chat > header { display: flex; align-items: center; gap: 12px; padding: 8px 16px; color: var(--parley-text); }
  #chat { display: flex; flex-direction: column; block-size: 600px; background: var(--parley-surface); }
  #chat .parley-thread { position: fixed; inset: 0 0 0 auto; inline-size: 320px; }`

let script: string
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  const output = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['parley-source', ...defaultClientConditions] },
    define: { 'process.env.NODE_ENV': '"development"' },
    build: {
      write: false,
      minify: false,
      lib: {
        entry: path('src/testing/components-page.tsx'),
        formats: ['iife'],
        name: 'page',
        fileName: 'page',
      },
    },
  })) as Rolldown.RolldownOutput[]
  script = output[0]?.output[0].code ?? ''
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  problems.length = 0
  await open()
})
afterEach(async () => {
  await page?.close()
  expect(problems).toEqual([])
})

async function open(options: object = {}): Promise<void> {
  page = await browser.newPage({ viewport: { width: 900, height: 640 }, ...options })
  page.setDefaultTimeout(5_000)
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.setContent('<!doctype html><html lang="en"><head><title>Chat</title></head><body></body></html>')
  await page.addStyleTag({ content: readFileSync(path('styles.css'), 'utf8') + look })
  await page.addScriptTag({ content: script })
}

const log = () => page.getByRole('log', { name: 'Messages' })
const field = () => page.getByRole('textbox', { name: 'Message' })
const texts = () => log().locator('.parley-text').allTextContents()
const row = (text: string) => log().locator('.parley-row', { hasText: text }).last()
const listbox = () => page.getByRole('listbox')
/** Messages that lie within the viewport of the list. */
const inView = () =>
  log().evaluate((viewport) => {
    const { top, bottom } = viewport.getBoundingClientRect()
    return [...viewport.querySelectorAll('[data-seq]')]
      .filter(
        (row) => row.getBoundingClientRect().bottom > top + 1 && row.getBoundingClientRect().top < bottom - 1,
      )
      .map((row) => Number((row as HTMLElement).dataset.seq))
  })
const placeOf = (seq: number) =>
  log().evaluate(
    (viewport, wanted) => viewport.querySelector(`[data-seq="${wanted}"]`)?.getBoundingClientRect().top,
    seq,
  )
const calls = (command: string) =>
  page.evaluate(
    `window.house.calls.filter((call) => call.command === ${JSON.stringify(command)}).map(({ input }) => input)`,
  ) as Promise<readonly Record<string, unknown>[]>

async function wheel(by: number): Promise<void> {
  await log().hover()
  await page.mouse.wheel(0, by)
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
}

/** A conversation with messages of Ada, looked at by Bob. */
async function chat(messages: number, props: object = {}): Promise<void> {
  await page.evaluate(
    `house.open('${channel}', ['ada', 'bob'], ${messages}); house.mark('bob', '${channel}').seq = ${messages}; chat('bob', ${JSON.stringify(props)})`,
  )
  if (messages > 0) await expect.poll(async () => (await inView()).at(-1)).toBe(messages)
  else await page.getByText('Nothing has been said here yet').waitFor()
}

describe('MessageList', () => {
  test('shows the newest messages at once and renders few of many; older ones come on the way up, in place', async () => {
    await chat(300)
    expect(await log().locator('[data-seq]').count()).toBeLessThan(60)
    for (let turn = 0; turn < 60 && (await inView())[0] !== 1; turn++) await wheel(-700)
    await expect.poll(async () => (await inView())[0]).toBe(1)
    expect(await log().locator('[data-seq]').count()).toBeLessThan(60)
    expect(await page.getByText('This is the beginning.').isVisible()).toBe(true)
  })

  test('the reading place stays while older messages load and new ones come', async () => {
    await chat(300)
    await wheel(-600)
    await expect.poll(async () => (await inView()).at(-1)).toBeLessThan(300)
    const [first = 0] = await inView()
    const before = await placeOf(first)
    await page.evaluate(`house.say('${channel}', 'ada', 'new one')`)
    await page.evaluate(`house.say('${channel}', 'ada', 'new two')`)
    await page.getByRole('button', { name: '2 new messages' }).waitFor()
    expect(Math.abs(((await placeOf(first)) ?? 0) - (before ?? 0))).toBeLessThan(2)
    // Near the first row that is held, the next page is asked for.
    const letGo = await page.evaluateHandle(`house.hold('chat.history')`)
    for (let turn = 0; turn < 12 && (await calls('chat.history')).length < 2; turn++) await wheel(-400)
    const [top = 0] = await inView()
    const place = await placeOf(top)
    await letGo.evaluate((release) => (release as () => void)())
    await expect.poll(() => log().getAttribute('aria-busy')).toBe('false')
    expect(Math.abs(((await placeOf(top)) ?? 0) - (place ?? 0))).toBeLessThan(2)
    await page.getByRole('button', { name: '2 new messages' }).click()
    await expect.poll(async () => (await inView()).at(-1)).toBe(302)
  })

  test('a reader at the end stays at the end, also when a message grows', async () => {
    await chat(30)
    await page.evaluate(`house.say('${channel}', 'ada', 'the last')`)
    await expect.poll(async () => (await inView()).at(-1)).toBe(31)
    await page.evaluate(
      `house.edit('ada', { channel: '${channel}', seq: 31 }, 'a\\nlong\\nmessage\\nof\\nlines')`,
    )
    await expect
      .poll(() => log().evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight))
      .toBeLessThan(2)
    expect((await texts()).at(-1)).toContain('lines')
  })

  test('begins at the first unread message, with a line before it, and marks as read what was in view', async () => {
    await page.evaluate(`house.open('${channel}', ['ada', 'bob'], 60)`)
    await page.evaluate(`house.mark('bob', '${channel}').seq = 30; chat('bob')`)
    await page.getByText('New messages', { exact: true }).waitFor()
    const seen = await inView()
    expect([seen.includes(31), seen.includes(60)]).toEqual([true, false])
    await expect.poll(() => page.evaluate(`house.mark('bob', '${channel}').seq`)).toBe(seen.at(-1))
    await page.getByRole('button', { name: 'Newest' }).click()
    await expect.poll(() => page.evaluate(`house.mark('bob', '${channel}').seq`), { timeout: 5_000 }).toBe(60)
    expect(await page.locator('header .parley-badge').count()).toBe(0)
  })

  test('is taken to a message and marks it for a moment', async () => {
    await chat(300)
    await page.evaluate(`list().scrollTo(80)`)
    await expect.poll(inView).toContain(80)
    expect(await row('message 80').getAttribute('data-highlighted')).toBe('true')
    await page.getByRole('button', { name: 'Newest' }).click()
    await expect.poll(async () => (await inView()).at(-1)).toBe(300)
  })

  test('days, groups, edits, deletions, reactions and replies', async () => {
    await page.evaluate(`{
      const at = Date.now() - 86_400_000
      house.now = at
      house.open('${channel}', ['ada', 'bob', 'eve'], 2)
      house.say('${channel}', 'eve', 'from **Eve** to @bob', { mentions: ['bob'] })
      house.now = at + 86_400_000 - 60_000
      house.say('${channel}', 'ada', 'today')
      house.say('${channel}', 'ada', 'an answer', { replyTo: 3 })
      house.edit('ada', { channel: '${channel}', seq: 4 }, 'edited')
      house.remove('ada', { channel: '${channel}', seq: 1 })
      house.react('eve', { channel: '${channel}', seq: 2 }, '👍')
      house.say('${channel}', 'eve', 'a reply', { thread: 2 })
      house.mark('bob', '${channel}').seq = 99
      chat('bob')
    }`)
    await row('an answer').waitFor()
    expect(await log().locator('.parley-day').allTextContents()).toEqual(['Yesterday', 'Today'])
    expect(await log().locator('.parley-head .parley-author').allTextContents()).toEqual([
      ...['Ada Lovelace', 'Ada Lovelace', 'Eve', 'Ada Lovelace', 'Ada Lovelace'],
    ])
    expect(await row('edited').textContent()).toContain('(edited)')
    expect(await log().textContent()).toContain('This message was deleted.')
    expect(await log().locator('[data-seq="3"] .parley-mention').getAttribute('data-me')).toBe('true')
    await row('message 2').getByRole('button', { name: '👍 1: Eve' }).click()
    await row('message 2').getByRole('button', { name: '👍 2: Eve and Bob' }).waitFor()
    await row('message 2')
      .getByRole('button', { name: /1 reply/ })
      .click()
    const thread = page.getByRole('region', { name: 'Thread' })
    await thread.getByText('a reply').waitFor()
    await thread.getByRole('textbox').fill('mine')
    await thread.getByRole('textbox').press('Enter')
    await row('message 2')
      .getByRole('button', { name: /2 replies/ })
      .waitFor()
    await page.mouse.move(0, 0)
    await keepPicture(page, 'react-thread')
    expect(await barriers(page)).toEqual([])
    await thread.getByRole('button', { name: 'Close' }).click()
    await keepPicture(page, 'react-messages')
    expect(await barriers(page)).toEqual([])
  })

  test('is read with the keyboard: one stop, then arrows; what is done to a message is reached from it', async () => {
    await chat(40)
    await field().focus()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    await expect.poll(() => page.evaluate('document.activeElement.dataset.seq')).toBe('40')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    await expect.poll(() => page.evaluate('document.activeElement.dataset.seq')).toBe('38')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await row('message 38').getByRole('button', { name: '👍 1: Bob' }).waitFor()
    await row('message 38').focus()
    for (let step = 0; step < 37; step++) await page.keyboard.press('ArrowUp')
    await expect.poll(() => page.evaluate('document.activeElement.dataset.seq')).toBe('1')
    await page.keyboard.press('End')
    expect(await page.evaluate('document.activeElement.tagName')).toBe('LI')
  })

  test('what others write is told to screen readers once; what is loaded or written by the user is not', async () => {
    await chat(60)
    const status = page.locator('.parley-list > [role="status"]')
    await page.evaluate(`house.say('${channel}', 'ada', 'good *morning*')`)
    await expect.poll(() => status.textContent()).toBe('Ada Lovelace: good morning')
    await page.evaluate(`house.say('${channel}', 'ada', 'one'); house.say('${channel}', 'ada', 'two')`)
    await expect.poll(() => status.textContent()).toBe('2 new messages')
    await field().fill('mine')
    await field().press('Enter')
    await row('mine').waitFor()
    await page.evaluate(`list().scrollTo(1)`)
    await expect.poll(inView).toContain(1)
    await page.waitForTimeout(900)
    expect(await status.textContent()).toBe('2 new messages')
  })

  test('empty, failed and loading have their own words', async () => {
    await page.evaluate(
      `house.open('${channel}', ['ada', 'bob']); house.refuse('chat.history', 'x', 'The disk is full.'); chat('bob')`,
    )
    await page.getByText('Messages could not be read. The disk is full.').waitFor()
    const letGo = await page.evaluateHandle(`house.hold('chat.history')`)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('status', { name: 'Messages are loading' }).waitFor()
    await letGo.evaluate((release) => (release as () => void)())
    await page.getByText('Nothing has been said here yet. Write the first message.').waitFor()
    expect(await barriers(page)).toEqual([])
  })
})

describe('Composer', () => {
  test('Enter sends, Shift + Enter begins a new line; ticks tell what became of it', async () => {
    await chat(1)
    const letGo = await page.evaluateHandle(`house.hold('chat.send')`)
    await field().fill('one')
    await field().press('Shift+Enter')
    await page.keyboard.type('two')
    await field().press('Enter')
    await row('one').getByText('Sending').waitFor({ state: 'attached' })
    expect(await field().inputValue()).toBe('')
    await letGo.evaluate((release) => (release as () => void)())
    await row('one').getByText('Stored').waitFor({ state: 'attached' })
    await page.evaluate(`house.setState('${channel}', 'ada', 'read', { seq: 2 })`)
    await row('one').getByText('Seen').waitFor({ state: 'attached' })
    expect((await calls('chat.send'))[0]).toMatchObject({ text: 'one\ntwo' })
  })

  test('a refused message stays with its reason, is tried again and discarded', async () => {
    await chat(1)
    await page.evaluate(`house.refuse('chat.send', 'chat.locked', 'Only admins write here.')`)
    await field().fill('no')
    await field().press('Enter')
    await page.getByRole('alert').getByText('Not sent. Only admins write here.').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.evaluate(`house.refuse('chat.send', 'chat.locked', 'Still not.')`)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Not sent. Still not.').waitFor()
    await keepPicture(page, 'react-refused')
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect.poll(texts).toEqual(['message 1'])
  })

  test('mentions, emoji and commands are completed with the keyboard and the pointer', async () => {
    await chat(1)
    await field().click()
    await page.keyboard.type('hi @lo')
    await listbox()
      .getByRole('option', { name: /Ada Lovelace/ })
      .waitFor()
    const active = await field().getAttribute('aria-activedescendant')
    expect(await page.locator(`[id="${active}"]`).getAttribute('aria-selected')).toBe('true')
    await keepPicture(page, 'react-mention')
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Enter')
    await page.keyboard.type(':rock')
    await page.keyboard.press('Tab')
    expect(await field().inputValue()).toBe('hi @ada 🚀 ')
    await page.keyboard.type('@')
    await listbox().getByRole('option', { name: /@room/ }).click()
    await page.keyboard.type('@b')
    await page.keyboard.press('Escape')
    expect(await listbox().count()).toBe(0)
    expect(await field().inputValue()).toBe('hi @ada 🚀 @room @b')
    await field().fill('')
    await page.keyboard.type('/m')
    await listbox().getByRole('option', { name: /\/me/ }).waitFor()
    await page.keyboard.press('Tab')
    expect(await field().inputValue()).toBe('/me ')
  })

  test('a slash command runs; its answer is for the user alone; a refused one comes back', async () => {
    await chat(1)
    await field().click()
    await page.keyboard.type('/me')
    await listbox().waitFor()
    await page.keyboard.type(' waves')
    await field().press('Enter')
    await page.getByText('There is no chat.runCommand here.').waitFor()
    expect(await field().inputValue()).toBe('/me waves')
    expect(await calls('chat.runCommand')).toEqual([{ channel, name: 'me', args: 'waves' }])
    expect(await calls('chat.send')).toEqual([])
  })

  test('ArrowUp edits the last own message, Escape gives it up; a refused edit is taken back', async () => {
    await chat(1)
    await field().fill('frist')
    await field().press('Enter')
    await row('frist').getByText('Stored').waitFor({ state: 'attached' })
    await field().press('ArrowUp')
    expect(await field().inputValue()).toBe('frist')
    await field().press('Escape')
    expect(await field().inputValue()).toBe('')
    await field().press('ArrowUp')
    await page.evaluate(`house.refuse('chat.edit', 'forbidden', 'Too late.')`)
    await field().fill('first')
    await field().press('Enter')
    await page.getByText('Not changed. Too late.').waitFor()
    expect((await texts()).at(-1)).toBe('frist')
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await field().press('ArrowUp')
    await field().fill('first')
    await field().press('Enter')
    await row('first').getByText('(edited)').waitFor()
  })

  test('replying and deleting from the buttons of a message', async () => {
    await chat(2)
    await row('message 1').hover()
    await row('message 1').getByRole('button', { name: 'Reply', exact: true }).click()
    await page.getByText('Replying to Ada Lovelace').waitFor()
    await page.keyboard.type('an answer')
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await calls('chat.send'))[0]).toMatchObject({ replyTo: 1 })
    await row('an answer').hover()
    await row('an answer').getByRole('button', { name: 'Delete', exact: true }).click()
    await row('an answer').getByRole('button', { name: 'Delete for everybody' }).click()
    await page.getByText('This message was deleted.').waitFor()
  })

  test('files are dropped, pasted and chosen, uploaded with progress, tried again, taken out, and sent', async () => {
    await chat(1)
    const drop = async (...names: string[]) => {
      const data = await page.evaluateHandle((list) => {
        const transfer = new DataTransfer()
        for (const name of list) transfer.items.add(new File(['x'], name, { type: 'text/plain' }))
        return transfer
      }, names)
      await page.locator('.parley-composer').dispatchEvent('drop', { dataTransfer: data })
    }
    await drop('a.txt', 'b.txt')
    await page.setInputFiles('input[type=file]', {
      name: 'c.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('x'),
    })
    await page.getByRole('progressbar').nth(2).waitFor()
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    await page.evaluate(`uploads[0].progress(0.5)`)
    await page.getByRole('progressbar', { name: 'a.txt: 50 %' }).waitFor()
    await keepPicture(page, 'react-files')
    expect(await barriers(page)).toEqual([])
    await page.evaluate(`uploads[0].done(); uploads[1].fail('Too large.')`)
    await page.getByText('b.txt was not uploaded. Too large.').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => page.evaluate('uploads.length')).toBe(4)
    await page.evaluate(`uploads[3].done()`)
    await page.getByRole('button', { name: 'Remove c.txt' }).click()
    await field().fill('with files')
    await field().press('Enter')
    await expect
      .poll(async () => (await calls('chat.send'))[0])
      .toMatchObject({ attachments: ['f-a.txt', 'f-b.txt'] })
    expect(await page.locator('.parley-added').count()).toBe(0)
  })

  test('a draft is kept, follows to another device, and is dropped when it is sent', async () => {
    await chat(1)
    await field().fill('not sure yet')
    await expect
      .poll(() => calls('chat.saveDraft'), { timeout: 5_000 })
      .toMatchObject([{ text: 'not sure yet' }])
    await page.evaluate(`leave(); chat('bob')`)
    await expect.poll(() => field().inputValue()).toBe('not sure yet')
    await field().press('Enter')
    await expect.poll(async () => (await calls('chat.saveDraft')).at(-1)).toMatchObject({ text: '' })
    expect(await field().inputValue()).toBe('')
  })
})

describe('the smaller ones', () => {
  test('say who is here, who writes, what waits and how the connection is', async () => {
    await chat(1)
    await page.evaluate(`{
      house.setState('${channel}', 'ada', 'presence', {})
      house.setState('${channel}', 'eve', 'presence', {})
      house.setState('${channel}', 'ada', 'typing', { activity: 'typing' })
    }`)
    await page.getByText('Ada Lovelace is writing').waitFor()
    await page.getByRole('group', { name: 'Ada Lovelace and Eve' }).waitFor()
    await page.evaluate(`house.setState('${channel}', 'eve', 'typing', { activity: 'typing' })`)
    await page.getByText('Ada Lovelace and Eve are writing').waitFor()
    await page.evaluate(`house.isDown = true; house.drop()`)
    await page.getByText('Connecting. What you write is sent when the connection is back.').waitFor()
    await expect.poll(() => page.locator('.parley-typing').textContent()).toBe('')
    await field().fill('written meanwhile')
    await field().press('Enter')
    await row('written meanwhile').getByText('Sending').waitFor({ state: 'attached' })
    await keepPicture(page, 'react-offline')
    expect(await barriers(page)).toEqual([])
    await page.evaluate(`house.isDown = false`)
    await row('written meanwhile').getByText('Stored').waitFor({ state: 'attached' })
    expect(await page.locator('.parley-connection').textContent()).toBe('')
  })
})

describe('readers', () => {
  test('render again when what they read has changed, and not for anything else', async () => {
    await page.evaluate(`{
      house.open('${channel}', ['ada', 'bob'], 3)
      house.open('conversation:b', ['ada', 'bob'], 1)
      readers('bob')
    }`)
    await expect.poll(() => page.locator('#status').textContent()).toBe('ready false')
    await expect.poll(() => page.locator('#badge').textContent()).toBe('1')
    const renders = () => page.evaluate('({ ...renders })') as Promise<Record<string, number>>
    const before = await renders()
    await page.evaluate(`house.say('${channel}', 'ada', 'more')`)
    await expect.poll(() => page.locator('#count').textContent()).toBe('4')
    await page.evaluate(`house.react('ada', { channel: '${channel}', seq: 1 }, '👍')`)
    await expect.poll(async () => (await renders()).count).toBe((before.count ?? 0) + 2)
    expect(await renders()).toEqual({ ...before, count: (before.count ?? 0) + 2 })
    await page.evaluate(`house.say('conversation:b', 'ada', 'more')`)
    await expect.poll(() => page.locator('#badge').textContent()).toBe('2')
    expect(await renders()).toEqual({
      ...{ count: (before.count ?? 0) + 2, status: before.status, badge: (before.badge ?? 0) + 1 },
    })
  })
})

describe('other looks', () => {
  test.each(['dark', 'narrow', 'right to left'] as const)('%s', async (look) => {
    await page.close()
    await open({
      ...(look === 'dark' ? { colorScheme: 'dark' } : {}),
      ...(look === 'narrow' ? { viewport: { width: 360, height: 640 } } : {}),
      reducedMotion: 'reduce',
    })
    if (look === 'right to left') await page.evaluate(`document.documentElement.dir = 'rtl'`)
    await chat(3)
    await page.evaluate(`{
      house.say('${channel}', 'eve', 'A list:\\n- one\\n- two\\n\\n> quoted\\n\\n\`\`\`\\nlet a = 1\\n\`\`\`')
      house.say('${channel}', 'ada', 'שלום @bob, see https://example.org', { mentions: ['bob'] })
      house.react('ada', { channel: '${channel}', seq: 3 }, '🎉')
    }`)
    await row('see https').waitFor()
    await row('see https').hover()
    await keepPicture(page, `react-${look.replaceAll(' ', '-')}`)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await barriers(page)).toEqual([])
  })
})
