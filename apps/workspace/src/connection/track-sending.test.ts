import type { Client } from '@parley/client'
import { expect, test, vi } from 'vitest'
import { trackSending } from './track-sending.ts'
import { Waiting } from './waiting.ts'

test('messages count while they have no answer, also when they are refused; nothing else counts', async () => {
  const answers: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = []
  const ask = () => new Promise((resolve, reject) => answers.push({ resolve, reject }))
  const client = { status: 'connected', chat: { send: vi.fn(ask), edit: vi.fn(ask) } }
  const waiting = new Waiting()
  const tracked = trackSending(client as unknown as Client, waiting)
  const message = { channel: 'conversation:x', text: 'hello' }

  const sent = [tracked.chat.send(message, { key: 'k' }), tracked.chat.send(message)]
  void tracked.chat.edit({ ...message, seq: 1 })
  expect(waiting.count()).toBe(2)
  expect(client.chat.send).toHaveBeenCalledWith(message, { key: 'k' })
  expect(tracked.status).toBe('connected')

  answers[0]?.resolve({ seq: 1 })
  answers[1]?.reject(new Error('locked'))
  await expect(sent[1]).rejects.toThrow('locked')
  expect(waiting.count()).toBe(0)
})
