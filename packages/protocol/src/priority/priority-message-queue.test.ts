import { expect, test } from 'vitest'
import type { Priority } from '../contract.ts'
import { PriorityMessageQueue } from './priority-message-queue.ts'

interface Message {
  readonly priority?: Priority
  readonly text: string
}

const classes: readonly Priority[] = ['critical', 'high', 'normal', 'low', 'background']

function drain(queue: PriorityMessageQueue<Message>): string[] {
  const texts: string[] = []
  for (let message = queue.dequeue(); message !== undefined; message = queue.dequeue())
    texts.push(message.text)
  return texts
}

test('the most urgent message comes first, in the order of arrival within a priority; urgent is critical', () => {
  const queue = new PriorityMessageQueue<Message>()
  for (const priority of ['background', 'low', 'urgent', 'normal', 'critical', 'high'] as const)
    queue.enqueue({ priority, text: priority })
  queue.enqueue({ text: 'without' })
  expect(queue.length).toBe(7)
  expect(queue.count('critical')).toBe(2)
  expect(drain(queue)).toEqual(['urgent', 'critical', 'high', 'normal', 'without', 'low', 'background'])
  expect(queue.dequeue()).toBeUndefined()
  expect(queue.length).toBe(0)
})

test('is first in first out over many messages', () => {
  const queue = new PriorityMessageQueue<Message>({ capacity: 100_000 })
  const taken: string[] = []
  let next = 0
  for (let round = 0; round < 100; round++) {
    for (let add = 0; add < 200; add++) queue.enqueue({ text: String(next++) })
    for (let take = 0; take < 150; take++) taken.push(queue.dequeue()?.text as string)
  }
  taken.push(...drain(queue))
  expect(taken).toEqual(Array.from({ length: next }, (_, index) => String(index)))
})

test('weighted, all are served 16:8:4:2:1 while all wait', () => {
  const queue = new PriorityMessageQueue<Message>({ order: 'weighted' })
  for (const priority of classes)
    for (let count = 0; count < 100; count++) queue.enqueue({ priority, text: priority })
  const served = Array.from({ length: 62 }, () => queue.dequeue()?.text)
  expect(classes.map((priority) => served.filter((text) => text === priority).length)).toEqual([
    32, 16, 8, 4, 2,
  ])
  expect(drain(queue)).toHaveLength(500 - 62)
})

test('each priority has a bound of its own, and refuses what is above', () => {
  const queue = new PriorityMessageQueue<Message>({ capacity: 2 })
  const background = (text: string) => queue.enqueue({ priority: 'background', text })
  expect(['a', 'b', 'c'].map(background)).toEqual([true, true, false])
  expect(queue.enqueue({ priority: 'high', text: 'd' })).toBe(true)
  expect(drain(queue)).toEqual(['d', 'a', 'b'])
})

test('or drops its oldest; the bound may count sizes', () => {
  const dropped: string[] = []
  const queue = new PriorityMessageQueue<Message>({
    capacity: 10,
    sizeOf: ({ text }) => text.length,
    overflow: 'drop_oldest',
    onDropped: ({ text }) => dropped.push(text),
  })
  for (const text of ['12345', '123', '1234567']) expect(queue.enqueue({ text })).toBe(true)
  expect(dropped).toEqual(['12345'])
  expect(queue.enqueue({ text: 'larger than all' })).toBe(false)
  expect(dropped).toEqual(['12345', '123', '1234567'])
  expect(queue.enqueue({ text: 'again' })).toBe(true)
  expect(drain(queue)).toEqual(['again'])
})

test('what has waited too long is served, one in eight, though others are more urgent', () => {
  let now = 0
  const queue = new PriorityMessageQueue<Message>({ maxWaitMs: 1_000, now: () => now })
  queue.enqueue({ priority: 'background', text: 'old' })
  const nextOnes = () => {
    for (let count = 0; count < 16; count++) queue.enqueue({ priority: 'critical', text: 'new' })
    return Array.from({ length: 16 }, () => queue.dequeue()?.text)
  }
  expect(nextOnes()).not.toContain('old')
  now = 1_001
  expect(nextOnes().indexOf('old')).toBeLessThan(8)
})

test('one of a given priority can be taken', () => {
  const queue = new PriorityMessageQueue<Message>()
  queue.enqueue({ priority: 'high', text: 'a' })
  queue.enqueue({ priority: 'low', text: 'b' })
  expect(queue.dequeue('low')?.text).toBe('b')
  expect(queue.dequeue('low')).toBeUndefined()
  expect(queue.dequeue()?.text).toBe('a')
})
