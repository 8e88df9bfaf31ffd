import type { Client } from '@parley/client'
import { expect, test, vi } from 'vitest'
import { exportMessages } from './export-messages.ts'

const pages = [
  { messages: [{ seq: 1, text: 'one\ntwo' }], next: 1 },
  { messages: [{ seq: 2, text: 'three' }] },
]

test('an export goes from page to page and has one message in a line', async () => {
  const read = vi.fn(async ({ after }: { after: number }) => pages[after])
  const told: number[] = []
  const blob = await exportMessages({ chat: { export: read } } as unknown as Client, 'conversation:x', {
    onProgress: (count) => told.push(count),
    signal: new AbortController().signal,
  })
  const lines = (await blob.text()).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual(pages.flatMap(({ messages }) => messages))
  expect(told).toEqual([1, 2])
})

test('an export that is given up asks for no further page', async () => {
  const stop = new AbortController()
  const read = vi.fn(async () => {
    stop.abort()
    return pages[0]
  })
  const work = exportMessages({ chat: { export: read } } as unknown as Client, 'conversation:x', {
    onProgress: () => undefined,
    signal: stop.signal,
  })
  await expect(work).rejects.toThrow()
  expect(read).toHaveBeenCalledTimes(1)
})
