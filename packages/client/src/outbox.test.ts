import { ParleyError } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { settle } from './testing/manual-clock.ts'
import { connected, type ServerEnd, type Stage, stage } from './testing/scripted-server.ts'

const publish = ({ client }: Stage, data: unknown, options = {}) =>
  client.channels.publish({ channel: 'room:a', data }, options)

/** Data of the calls that the server has got and not answered, in order of arrival. */
const dataOf = (end: ServerEnd) => end.all('call').map(({ input }) => (input as { data: unknown }).data)

const later = (retryAfterMs?: number) =>
  new ParleyError('rate_limited', 'Wait.', retryAfterMs === undefined ? {} : { retryAfterMs })

/** Accepts a new link after the pause. */
async function comeBack({ server, clock }: Stage): Promise<void> {
  await clock.advance(500)
  await server.last.accept({ resumed: true })
}

describe('calls', () => {
  test('an answer resolves, an error rejects with its code, message and details', async () => {
    const made = await connected()
    const good = publish(made, 1)
    const bad = expect(publish(made, 2)).rejects.toMatchObject({
      code: 'chat.locked',
      message: 'Locked.',
      details: { by: 'ada' },
    })
    await settle()
    const { last } = made.server
    const first = last.next('call')
    expect(first).toEqual({
      op: 'call',
      id: 2,
      fence: 0,
      command: 'channels.publish',
      key: 'secret1',
      input: { channel: 'room:a', data: 1 },
    })
    await last.ok(first.id, { offset: 7 })
    await last.refuse(last.next('call').id, {
      code: 'chat.locked',
      message: 'Locked.',
      retryable: false,
      details: { by: 'ada' },
    })
    expect(await good).toEqual({ offset: 7 })
    await bad
  })

  test('of the calls that wait, the urgent ones go first, and none overtakes another on its channel', async () => {
    const made = stage()
    const call = (channel: string, data: unknown, options = {}) =>
      void made.client.channels.publish({ channel, data }, options)
    call('room:a', 1)
    call('room:b', 2, { priority: 'low' })
    call('room:c', 3)
    call('room:b', 4, { priority: 'urgent' })
    call('room:d', 5, { priority: 'background' })
    call('room:e', 6, { priority: 'high' })
    void made.client.connect()
    await settle()
    await made.server.last.accept()
    expect(dataOf(made.server.last)).toEqual([2, 4, 6, 1, 3, 5])
  })

  test('the input is read when the call is made; what is no JSON is refused at once', async () => {
    const made = await connected()
    const data = { text: 'before' }
    void publish(made, data)
    data.text = 'after'
    await settle()
    expect(dataOf(made.server.last)).toEqual([{ text: 'before' }])
    const circle: { self?: unknown } = {}
    circle.self = circle
    await expect(publish(made, circle)).rejects.toMatchObject({ code: 'bad_request' })
    await expect(publish(made, 1n)).rejects.toMatchObject({ code: 'bad_request' })
    await expect(publish(made, 'x'.repeat(1_100_000))).rejects.toMatchObject({ code: 'payload_too_large' })
  })

  test('calls made before connect() and while the connection is down are sent in order, in one message', async () => {
    const made = stage()
    for (const data of [1, 2, 3]) void publish(made, data)
    await settle()
    void made.client.connect()
    await settle()
    await made.server.last.accept()
    expect(dataOf(made.server.last)).toEqual([1, 2, 3])
    expect(made.server.last.messages).toHaveLength(2)
    await made.server.last.close()
    void publish(made, 4)
    await comeBack(made)
    expect(dataOf(made.server.last)).toEqual([1, 2, 3, 4])
  })

  test('unanswered calls are sent again with the same keys, before new ones, in their order', async () => {
    const made = await connected()
    const calls = [1, 2, 3].map((data) => publish(made, data))
    void made.client.call('polls.vote', { poll: 1, data: 'other lane' })
    await settle()
    const before = made.server.last
    const keys = before.all('call').map(({ key }) => key)
    const second = before.all('call')[1]
    await before.ok(second?.id ?? 0, { offset: 2 })
    await before.close()
    void publish(made, 4)
    await comeBack(made)
    const after = made.server.last.all('call')
    expect(dataOf(made.server.last)).toEqual([1, 3, 'other lane', 4])
    expect(after.slice(0, 3).map(({ key }) => key)).toEqual([keys[0], keys[2], keys[3]])
    for (const { id } of after) await made.server.last.ok(id, { offset: 0 })
    await Promise.all(calls)
  })

  test('the outbox is bounded in calls and in size', async () => {
    const made = stage({ maxOutbox: 2 })
    void publish(made, 1)
    void publish(made, 2)
    await expect(publish(made, 3)).rejects.toMatchObject({ code: 'overloaded' })
    const small = stage({ maxOutboxBytes: 100 })
    void publish(small, 'x'.repeat(60))
    await expect(publish(small, 'x'.repeat(60))).rejects.toMatchObject({ code: 'overloaded' })
  })

  test('disconnect() rejects what waits; calls after it are refused until connect()', async () => {
    const made = await connected()
    const open = expect(publish(made, 1)).rejects.toMatchObject({ code: 'disconnected' })
    made.client.disconnect()
    await open
    await expect(publish(made, 2)).rejects.toMatchObject({ code: 'disconnected' })
    void made.client.connect()
    void publish(made, 3)
    await settle()
    await made.server.last.accept()
    expect(dataOf(made.server.last)).toEqual([3])
  })

  test('a stop verdict rejects what waits with its reason', async () => {
    const made = await connected()
    const open = expect(publish(made, 1)).rejects.toMatchObject({ code: 'token_revoked' })
    await made.server.last.close(4007, 'token_revoked')
    await open
  })

  test('another user after a reconnect: calls of the first are not sent in the name of the second', async () => {
    const made = await connected()
    const open = expect(publish(made, 1)).rejects.toMatchObject({ code: 'cancelled' })
    await settle()
    await made.server.last.close()
    await made.clock.advance(500)
    await made.server.last.accept({ user: 'bob' })
    await open
    expect(dataOf(made.server.last)).toEqual([])
  })
})

describe('"later" verdicts', () => {
  test('a refused call is repeated with its key; later calls of its channel wait behind it, others do not', async () => {
    const made = await connected()
    for (const data of [1, 2, 3]) void publish(made, data)
    await settle()
    const { last } = made.server
    const [first, second, third] = last.frames.splice(0) as { id: number; key: string }[]
    for (const call of [first, second, third]) await last.refuse(call!.id, later(1_000))
    void publish(made, 4)
    void made.client.channels.publish({ channel: 'room:b', data: 'b' })
    await settle()
    expect(dataOf(last)).toEqual(['b'])
    last.frames.length = 0
    await made.clock.advance(1_250)
    // One by one until the lane is empty.
    for (const [index, data] of [1, 2, 3, 4].entries()) {
      const call = last.next('call')
      expect([call.input, last.frames]).toEqual([{ channel: 'room:a', data }, []])
      if (index < 3) expect(call.key).toBe([first, second, third][index]?.key)
      await last.ok(call.id, {})
    }
    // The lane is empty: calls are pipelined again.
    for (const data of [5, 6]) void publish(made, data)
    await settle()
    expect(dataOf(last)).toEqual([5, 6])
  })

  test('where the server keeps the order, refused calls are sent again with one more of them at each answer', async () => {
    const made = await connected({ maxRetries: 2 })
    for (const data of [1, 2, 3, 4, 5, 6]) void publish(made, data)
    await settle()
    const { last } = made.server
    const calls = last.all('call')
    last.frames.length = 0
    for (const [index, { id }] of calls.entries()) await last.refuse(id, later(), index + 1)
    const sent: unknown[] = []
    for (let round = 0; round < 4; round++) {
      await made.clock.advance(1_000)
      const batch = last.all('call')
      expect(batch.every(({ fence }) => fence === 6)).toBe(true)
      sent.push(dataOf(last))
      last.frames.length = 0
      for (const { id } of batch) await last.ok(id, {})
    }
    expect(sent).toEqual([[1], [2, 3], [4, 5, 6], []])
    for (const data of [7, 8, 9]) void publish(made, data)
    await settle()
    expect(dataOf(last)).toEqual([7, 8, 9])
  })

  test('of calls that are refused together, the first alone counts its repeats', async () => {
    const made = await connected({ maxRetries: 2 })
    const calls = Promise.all([1, 2, 3, 4, 5].map((data) => publish(made, data)))
    await settle()
    const { last } = made.server
    let fence = 0
    const refuseAll = async () => {
      for (const { id } of last.frames.splice(0) as { id: number }[]) await last.refuse(id, later(), ++fence)
    }
    await refuseAll()
    for (let round = 1; round <= 5; round++) {
      await made.clock.advance(2_000)
      await last.ok(last.next('call').id, {})
      // Two more go, and are refused once more.
      await refuseAll()
    }
    expect(await calls).toHaveLength(5)
  })

  test('after maxRetries the error is thrown, and the next call goes', async () => {
    const made = await connected({ maxRetries: 2 })
    const result = expect(publish(made, 1)).rejects.toMatchObject({ code: 'rate_limited' })
    void publish(made, 2)
    await settle()
    const { last } = made.server
    await last.refuse(last.next('call').id, later())
    await last.ok(last.next('call').id, {})
    for (let retry = 0; retry < 2; retry++) {
      await made.clock.advance(2_000)
      await last.refuse(last.next('call').id, later())
    }
    await result
    void publish(made, 3)
    await settle()
    expect(dataOf(last)).toEqual([3])
  })

  test('`token_expired` asks for a token, then repeats', async () => {
    const made = await connected({ getToken: () => 't' })
    const done = publish(made, 1)
    await settle()
    const { last } = made.server
    await last.refuse(last.next('call').id, new ParleyError('token_expired'))
    await last.ok(last.next('refresh').id, {})
    await made.clock.advance(500)
    await last.ok(last.next('call').id, { offset: 1 })
    expect(await done).toEqual({ offset: 1 })
  })

  test('a call that was sent longer ago than the server remembers keys is not repeated', async () => {
    const made = await connected({ idempotencyWindowMs: 60_000 })
    const parked = expect(publish(made, 1)).rejects.toMatchObject({
      code: 'outcome_unknown',
      details: { key: 'secret1' },
    })
    await settle()
    await made.server.last.close()
    const waiting = publish(made, 2)
    made.clock.wall += 60_001
    await comeBack(made)
    await parked
    // Never sent before, so never too old.
    expect(dataOf(made.server.last)).toEqual([2])
    await made.server.last.ok(made.server.last.next('call').id, { offset: 1 })
    expect(await waiting).toEqual({ offset: 1 })
  })
})

describe('giving up', () => {
  test('no answer within the time for answers, counted while connected', async () => {
    const made = await connected({ callTimeoutMs: 10_000 })
    const result = expect(publish(made, 1)).rejects.toMatchObject({
      code: 'timeout',
      details: { key: 'secret1' },
    })
    await made.clock.advance(9_000)
    await made.server.last.close()
    await comeBack(made)
    await made.clock.advance(9_999)
    expect(dataOf(made.server.last)).toEqual([1])
    await made.clock.advance(1)
    await result
  })

  test('timeoutMs is a deadline that counts offline time too', async () => {
    const made = stage()
    const result = expect(publish(made, 1, { timeoutMs: 3_000 })).rejects.toMatchObject({ code: 'timeout' })
    await made.clock.advance(3_000)
    await result
    expect(made.clock.pending).toBe(0)
  })

  test('an aborted call is rejected, not sent any more, and lets the next of its lane go', async () => {
    const made = await connected()
    const abort = new AbortController()
    const result = expect(publish(made, 1, { signal: abort.signal })).rejects.toMatchObject({
      code: 'cancelled',
      cause: 'why',
    })
    void publish(made, 2)
    await settle()
    const { last } = made.server
    for (const call of last.frames.splice(0)) await last.refuse((call as { id: number }).id, later(500))
    abort.abort('why')
    await result
    await made.clock.advance(1_000)
    expect(dataOf(last)).toEqual([2])
    await expect(publish(made, 3, { signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' })
  })
})

test.each([
  ['that keeps the order', true],
  ['of yesterday', false],
])(
  'whatever a server %s refuses, loses or answers: each effect once, and in order',
  async (_what, isFencing) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('call', 'ok', 'refuse', 'lose_before', 'lose_after') as fc.Arbitrary<Fate>, {
          maxLength: 40,
        }),
        async (fates) => {
          const options = { maxRetries: 1_000, reconnect: { capMs: 400 } }
          const world = new World(await connected(options), isFencing)
          for (const fate of fates) await world.meet(fate)
          await world.finish()
          expect(new Set(world.effects).size).toBe(world.effects.length)
          expect([...world.effects].sort((a, b) => a - b)).toEqual(world.made)
          expect(world.answered).toEqual(world.made.length)
          if (isFencing || !fates.includes('refuse')) expect(world.effects).toEqual(world.made)
        },
      ),
      { numRuns: 60 },
    )
  },
)

type Fate = 'call' | 'ok' | 'refuse' | 'lose_before' | 'lose_after'

/** A server that remembers keys, and a client that calls. */
class World {
  readonly made: number[] = []
  readonly effects: number[] = []
  answered = 0
  readonly #keys = new Set<string>()
  readonly #stage: Stage
  readonly #isFencing: boolean
  #fence = 0

  constructor(made: Stage, isFencing: boolean) {
    this.#stage = made
    this.#isFencing = isFencing
  }

  async meet(fate: Fate): Promise<void> {
    const { server } = this.#stage
    if (fate === 'call') {
      const data = this.made.length
      this.made.push(data)
      void publish(this.#stage, data).then(() => {
        this.answered += 1
      })
      await settle()
    } else if (fate === 'ok') await this.#answer()
    else if (fate === 'refuse') await this.#refuse()
    else {
      if (fate === 'lose_after')
        for (const call of server.last.all('call')) if (call.fence === this.#fence) this.#run(call)
      await server.last.close()
      this.#fence = 0
      await comeBack(this.#stage)
    }
  }

  async finish(): Promise<void> {
    for (let round = 0; this.answered < this.made.length && round < 1_000; round++) {
      const { last } = this.#stage.server
      while (last.all('call').length > 0) await this.#answer()
      await this.#stage.clock.advance(5_000)
      await last.send({ op: 'ping' })
    }
  }

  async #answer(): Promise<void> {
    const { last } = this.#stage.server
    const call = last.all('call')[0]
    if (call === undefined) return
    if (call.fence !== this.#fence) return this.#refuse()
    last.frames.splice(last.frames.indexOf(call), 1)
    this.#run(call)
    await last.ok(call.id, {})
  }

  async #refuse(): Promise<void> {
    const { last } = this.#stage.server
    const call = last.all('call')[0]
    if (call === undefined) return
    last.frames.splice(last.frames.indexOf(call), 1)
    if (this.#isFencing) this.#fence += 1
    await last.refuse(call.id, later(), this.#isFencing ? this.#fence : undefined)
  }

  #run({ key, input }: { readonly key?: string; readonly input?: unknown }): void {
    if (key === undefined || this.#keys.has(key)) return
    this.#keys.add(key)
    this.effects.push((input as { data: number }).data)
  }
}
