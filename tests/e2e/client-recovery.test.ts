import type { Client } from '@parley/client'
import { describe, expect, test } from 'vitest'
import { VirtualHouse } from './virtual-house.ts'

interface Note {
  readonly author: number
  readonly count: number
}

const authors = [0, 1, 2]
const seeds = Array.from({ length: 40 }, (_, index) => index + 1)
const upTo = (count: number, first = 0) => Array.from({ length: count }, (_, index) => first + index)

/** Clients that publish to one channel and listen to it. */
class Talk {
  readonly house: VirtualHouse
  readonly clients: readonly Client[]
  readonly heard = authors.map(() => [] as { readonly offset: number; readonly note: Note }[])
  readonly counts = authors.map(() => 0)
  readonly results: Promise<unknown>[] = []
  readonly unrecovered: string[] = []

  constructor(house: VirtualHouse) {
    this.house = house
    this.clients = authors.map((index) => house.client(`user${index}`))
    for (const [index, client] of this.clients.entries()) {
      client.subscribe('room:a', {
        onEvent: ({ offset, data }) => this.heard[index]?.push({ offset, note: data as Note }),
        onUnrecovered: ({ reason }) => this.unrecovered.push(reason),
      })
      void client.connect()
    }
  }

  publish(): void {
    for (const [author, client] of this.clients.entries())
      for (let burst = Math.floor(this.house.clock.random() * 4); burst > 0; burst--) {
        const data: Note = { author, count: this.counts[author]! }
        this.counts[author]! += 1
        this.results.push(client.channels.publish({ channel: 'room:a', data }))
      }
  }

  /** Nothing, a broken connection, all of them, or a server killed and started again. */
  async meetFate(): Promise<void> {
    const { house } = this
    const fate = house.clock.random()
    if (fate < 0.3) house.cutOne()
    else if (fate < 0.35) house.cutAll()
    else if (fate < 0.42) {
      house.kill()
      await house.clock.advance(house.clock.random() * 500)
      await house.start()
    }
  }
}

describe('the client on a real kernel, on virtual time', () => {
  test.each(seeds)('seed %i: cut and killed at random, every event once and in order', async (seed) => {
    const house = new VirtualHouse(seed)
    await house.start()
    const talk = new Talk(house)
    await house.clock.advance(1_000)
    for (let round = 0; round < 40; round++) {
      talk.publish()
      await talk.meetFate()
      await house.clock.advance(house.clock.random() * 120)
    }
    await house.clock.advance(30_000)

    await expect(Promise.all(talk.results)).resolves.toHaveLength(talk.results.length)
    expect(talk.unrecovered).toEqual([])
    for (const events of talk.heard) {
      expect(events.map(({ offset }) => offset)).toEqual(upTo(talk.results.length, 1))
      for (const author of authors) {
        const notes = events.map(({ note }) => note).filter((note) => note.author === author)
        expect(notes.map(({ count }) => count)).toEqual(upTo(talk.counts[author]!))
      }
    }
    for (const client of talk.clients) client.disconnect()
    await house.node?.stop()
    expect(house.openLinks).toBe(0)
  })

  test('presence, own state and a renewed token live through a reconnect', async () => {
    const house = new VirtualHouse(1)
    await house.start()
    const { clock } = house
    let tokens = 0
    const getToken = () => {
      tokens += 1
      return `ada|${clock.now() + 20_000}`
    }
    const ada = house.client('ada', { token: undefined, getToken })
    const bob = house.client('bob')
    const rooms = [ada, bob].map((client) => client.subscribe('room:a', { state: true }))
    await Promise.all([ada.connect(), bob.connect(), clock.advance(1_000)])
    const disconnects: unknown[] = []
    ada.on('disconnect', (disconnect) => disconnects.push(disconnect))
    void rooms[0]?.setState('mood', 'good')
    await clock.advance(100)
    const seen = () => [...(rooms[1]?.state.values() ?? [])].map(({ user, name }) => `${user} ${name}`).sort()
    expect(seen()).toEqual(['ada mood', 'ada presence', 'bob presence'])
    await clock.advance(60_000)
    expect([disconnects, tokens >= 4]).toEqual([[], true])
    house.kill()
    await house.start()
    await clock.advance(5_000)
    expect(seen()).toEqual(['ada mood', 'ada presence', 'bob presence'])
    ada.disconnect()
    await clock.advance(40_000)
    expect(seen()).toEqual(['bob presence'])
    bob.disconnect()
    await house.node?.stop()
  })

  test('a second subscription that begins further back disturbs nobody', async () => {
    const house = new VirtualHouse(2)
    await house.start()
    const { clock } = house
    const ada = house.client('ada')
    void ada.connect()
    const first: number[] = []
    const second: number[] = []
    ada.subscribe('room:a', { onEvent: ({ offset }) => first.push(offset) })
    await clock.advance(100)
    for (let count = 0; count < 20; count++) void ada.channels.publish({ channel: 'room:a', data: count })
    await clock.advance(100)
    ada.subscribe('room:a', { recent: 5, onEvent: ({ offset }) => second.push(offset) })
    await clock.advance(100)
    void ada.channels.publish({ channel: 'room:a', data: 'last' })
    await clock.advance(100)
    expect([first, second]).toEqual([upTo(21, 1), upTo(6, 16)])
    ada.disconnect()
    await house.node?.stop()
  })
})
