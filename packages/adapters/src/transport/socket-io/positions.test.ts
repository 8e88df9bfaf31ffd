import fc from 'fast-check'
import { expect, test } from 'vitest'
import { markOf, Positions } from './positions.ts'

const channels = ['chat:a', 'chat:b', 'sio:n:rroom', 'sio:n']

interface Batch {
  readonly channel: string
  readonly size: number
}

type Places = ReadonlyMap<string, number>

/** Sends batches as a server does: the text of every event, and where the client stands with it. */
function send(server: Positions, start: number, batches: readonly Batch[]) {
  let at: Places = new Map(channels.map((channel) => [channel, start]))
  return batches.flatMap(({ channel, size }) => {
    const mark = markOf(channel)
    const events = Array.from({ length: size }, () => {
      const offset = (at.get(channel) as number) + 1
      at = new Map([...at, [channel, offset]])
      const text = server.isAlone(mark) ? `${mark}.${offset.toString(36)}` : server.text(mark, offset)
      return { text, at }
    })
    server.advance(mark, at.get(channel) as number)
    return events
  })
}

test('whichever event was the last to arrive, its text says where the client stands in every channel', () => {
  const batch = fc.record({ channel: fc.constantFrom(...channels), size: fc.integer({ min: 1, max: 4 }) })
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 30 }), fc.nat(), fc.nat(100), (batches, cut, start) => {
      const server = new Positions()
      for (const channel of channels) server.begin(channel, { epoch: 'e', offset: start })
      const events = send(server, start, batches)
      const last = events[cut % Math.max(events.length, 1)]
      const found = Positions.after(server.bases, last?.text)
      for (const channel of channels) expect(found?.get(channel)?.offset).toBe(last?.at.get(channel) ?? start)
    }),
  )
})

test('nobody reads what came before the join, whatever the text says', () => {
  const bases = new Map([['chat:a', { epoch: 'e', offset: 40 }]])
  const after = (text: string) => Positions.after(bases, text)?.get('chat:a')?.offset
  expect(after(`${markOf('chat:a')}.1`)).toBe(40)
  expect(after(`${markOf('chat:b')}.zz`)).toBe(40)
  expect(after(`${markOf('chat:a')}.${(77).toString(36)}`)).toBe(77)
  expect(after('-')).toBe(40)
})

test.each(['', 'hello', 'abc.1', `${'x'.repeat(8)}.`, '~', `${markOf('chat:a')}.-1`, 'x'.repeat(100_000)])(
  'a text that is none is refused: %.20s',
  (text) => {
    expect(Positions.after(new Map(), text)).toBeUndefined()
  },
)

test('who went on after a return stands where it stood, and further', () => {
  const first = new Positions()
  for (const channel of ['chat:a', 'chat:b']) first.begin(channel, { epoch: 'e', offset: 0 })
  first.advance(markOf('chat:b'), 5)
  const at = Positions.after(first.bases, first.text()) as Map<string, { epoch: string; offset: number }>
  const second = Positions.resume(first.bases, at)
  const text = second.text(markOf('chat:a'), 1)
  const again = Positions.after(second.bases, text)
  expect(again?.get('chat:a')?.offset).toBe(1)
  expect(again?.get('chat:b')?.offset).toBe(5)
})
