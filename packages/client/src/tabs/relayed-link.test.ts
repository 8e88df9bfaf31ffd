import { type CallFrame, encodeFrame, ParleyError, type ReplyFrame } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import type { Answer } from '../requests.ts'
import { settle } from '../testing/manual-clock.ts'
import { RelayedLink } from './relayed-link.ts'

/** A tab in front of a connection that keeps what it is asked. */
function stage() {
  const asked: { readonly n: unknown; readonly done: (answer: Answer) => void }[] = []
  const replies: ReplyFrame[] = []
  const request = (encode: (id: number, fence: number) => string, done: (answer: Answer) => void) => {
    const { input } = JSON.parse(encode(asked.length, 0)) as CallFrame
    asked.push({ n: input, done })
    return true
  }
  const link = new RelayedLink({
    engine: { connection: { request } } as unknown as Engine,
    port: {
      send: (text) => replies.push(...text.split('\n').map((line) => JSON.parse(line) as ReplyFrame)),
      close: () => undefined,
    },
    newId: () => 'id',
    setState: () => undefined,
    paced: () => undefined,
    left: () => undefined,
  })
  link.receive(encodeFrame({ op: 'connect', id: 1, versions: [1] }))
  link.accept({} as never)
  const call = (id: number, fence: number) =>
    link.receive(encodeFrame({ op: 'call', id, command: 'notes.add', input: id, fence }))
  return { asked, replies, call }
}

test('what is held back behind a refusal is not overtaken by what knows of that refusal alone', async () => {
  const { asked, replies, call } = stage()
  call(2, 0)
  const [first] = asked
  first?.done({ status: 'error', error: new ParleyError('unavailable'), fence: 7 })
  await settle()
  const heard = replies.at(-1)?.fence as number
  // On its way before the tab heard of the refusal; then one that knows of it, and not that this one was held back.
  call(3, 0)
  call(4, heard)
  await settle()
  expect(asked.map(({ n }) => n)).toEqual([2])
  expect(replies.slice(-2)).toMatchObject([
    { error: { code: 'unavailable' } },
    { error: { code: 'unavailable' } },
  ])
  const last = replies.at(-1)?.fence as number
  for (const id of [5, 6, 7]) call(id, last)
  expect(asked.map(({ n }) => n)).toEqual([2, 5, 6, 7])
})
