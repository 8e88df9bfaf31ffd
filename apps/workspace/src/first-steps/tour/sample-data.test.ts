import type { Client } from '@parley/client'
import { expect, test } from 'vitest'
import { fillSampleData, removeSampleData, samplePrefix } from './sample-data.ts'

/** A server of one person, as far as samples need it. */
function fakeServer() {
  const rooms = new Map<string, Map<number, string>>([['conversation:general', new Map([[1, 'real']])]])
  const calls: string[] = []
  const room = (channel: string) => rooms.get(channel) ?? new Map<number, string>()
  const chat = {
    create: async ({ id }: { id: string }) => {
      rooms.set(`conversation:${id}`, new Map())
      return { channel: `conversation:${id}` }
    },
    send: async ({ channel, text }: { channel: string; text: string }) => {
      room(channel).set(room(channel).size + 1, text)
      return { seq: room(channel).size }
    },
    react: async () => void calls.push('react'),
    pin: async () => void calls.push('pin'),
    list: async () => ({
      conversations: [...rooms.keys()].map((channel) => ({ channel, mine: { role: 'owner' } })),
    }),
    export: async ({ channel }: { channel: string }) => ({
      messages: [...room(channel).keys()].map((seq) => ({ seq })),
    }),
    delete: async ({ channel, seq }: { channel: string; seq: number }) => room(channel).delete(seq),
    archive: async ({ channel }: { channel: string }) => calls.push(`archive ${room(channel).size}`),
    leave: async ({ channel }: { channel: string }) => rooms.delete(channel),
  }
  return { client: { chat, newId: () => 'K3v-9xQ_abcdef' } as unknown as Client, rooms, calls }
}

test('samples are rooms of their own, and are taken away without touching another one', async () => {
  const { client, rooms, calls } = fakeServer()
  await fillSampleData(client)
  const filled = [...rooms.keys()].filter((channel) => channel.startsWith(samplePrefix))
  expect(filled).toHaveLength(3)
  expect(filled[0]).toBe('conversation:sample-launch-k3v9xqab')
  expect(calls).toContain('pin')
  expect(await removeSampleData(client)).toBe(3)
  expect([...rooms.keys()]).toEqual(['conversation:general'])
  expect(calls.filter((call) => call === 'archive 0')).toHaveLength(3)
})
