import { equal, ok } from './assert.ts'
import { eventAt, fill, type LogSubject, offsets } from './log-cases.ts'
import { type Cases, range } from './suite.ts'

const roomy = { maxEvents: 1_000_000, maxAgeMs: 1e12, maxBytes: 1e12 }
const all = { after: 0, limit: 10_000 }
const now = eventAt(1_000).at

/** What is held, as tops and reads tell it, which must agree. */
async function held({ log }: LogSubject, channel: string): Promise<number[]> {
  const [top] = await log.tops('acme', [channel])
  const found = offsets(await log.read('acme', channel, all))
  equal(
    found,
    range(top?.first ?? 0, top?.head ?? 0),
    'exactly the offsets from `first` to `head` can be read',
  )
  return found
}

/** What retention and redaction take away, and what stays. */
export const logTrimCases: Cases<LogSubject> = {
  async 'trim keeps the newest events'(subject) {
    await fill(subject, 'room:a', 1, 20)
    equal(
      await subject.log.trim('acme', 'room:a', { ...roomy, maxEvents: 5 }, now),
      16,
      'trim answers the new first',
    )
    equal(await held(subject, 'room:a'), range(16, 20), 'five are left')
    equal(
      await subject.log.trim('acme', 'room:a', { ...roomy, maxEvents: 5 }, now),
      16,
      'trimming again changes nothing',
    )
    equal(
      offsets(await subject.log.read('acme', 'room:a', { after: 3, limit: 2 })),
      [16, 17],
      'reads begin at the first',
    )
    equal(
      offsets(await subject.log.readBackward('acme', 'room:a', 18, 9)),
      [16, 17],
      'backward reads end there',
    )
  },

  async 'trim drops what is too old'(subject) {
    await fill(subject, 'room:a', 1, 20)
    const retention = { ...roomy, maxAgeMs: 10_000 }
    equal(
      await subject.log.trim('acme', 'room:a', retention, eventAt(20).at + 500),
      11,
      'trim answers the new first',
    )
    equal(await held(subject, 'room:a'), range(11, 20), 'those of the last ten seconds are left')
  },

  async 'trim keeps within bytes'(subject) {
    const data = JSON.stringify('x'.repeat(9_998))
    await subject.append(
      'acme',
      'room:a',
      range(1, 20).map((offset) => eventAt(offset, { data })),
    )
    await subject.log.trim('acme', 'room:a', { ...roomy, maxBytes: 55_000 }, now)
    const left = await held(subject, 'room:a')
    ok(
      left.length >= 4 && left.length <= 5,
      `55 kB hold five events of 10 kB, less overhead (found ${left.length})`,
    )
    equal(left.at(-1), 20, 'the newest stay')
  },

  async 'the head survives when everything is trimmed, and offsets go on'(subject) {
    await fill(subject, 'room:a', 1, 7)
    const [before] = await subject.log.tops('acme', ['room:a'])
    equal(await subject.log.trim('acme', 'room:a', { ...roomy, maxEvents: 0 }, now), 8, 'first is head + 1')
    equal(
      await subject.log.tops('acme', ['room:a']),
      [{ epoch: before?.epoch, head: 7, first: 8 }],
      'epoch and head stay',
    )
    equal(await held(subject, 'room:a'), [], 'nothing is held')
    const listed = await subject.log.channels('acme', { limit: 9 })
    equal(
      listed.map(({ channel, head }) => ({ channel, head })),
      [{ channel: 'room:a', head: 7 }],
      'it is still listed',
    )
    equal(
      await fill(subject, 'room:a', 8, 8),
      [{ epoch: before?.epoch, offset: 8 }],
      'the next event follows the head',
    )
    equal(await held(subject, 'room:a'), [8], 'and can be read')
  },

  async 'trim within retention, or of a channel never written, changes nothing'(subject) {
    await fill(subject, 'room:a', 1, 5)
    equal(await subject.log.trim('acme', 'room:a', roomy, now), 1, 'everything is within retention')
    equal(await held(subject, 'room:a'), range(1, 5), 'everything is left')
    equal(
      await subject.log.trim('acme', 'room:none', { ...roomy, maxEvents: 0 }, now),
      1,
      'an empty channel begins at 1',
    )
    equal((await subject.log.tops('acme', ['room:none']))[0]?.head, 0, 'and has no head')
  },

  async 'redact leaves a tombstone at the same offset'(subject) {
    const { log, append } = subject
    const secret = { id: 'm-2', data: '{"text":"secret words"}', tags: '{"topic":"secret"}', by: 'alice' }
    await append('acme', 'room:a', [eventAt(1), eventAt(2, secret), eventAt(3)])
    equal(await log.redact('acme', 'room:a', 2), true, 'an event that is held is redacted')
    for (const events of [
      await log.read('acme', 'room:a', all),
      await log.readBackward('acme', 'room:a', 4, 9),
    ]) {
      equal(offsets(events), [1, 2, 3], 'offsets are unchanged')
      const [before, tombstone, after] = events
      ok(
        tombstone?.redacted === true && tombstone.data === 'null',
        'the tombstone says so and has `null` for data',
      )
      equal([tombstone.type, tombstone.at], [eventAt(2).type, eventAt(2).at], 'type and time stay')
      equal(tombstone.tags, undefined, 'tags are gone')
      ok(tombstone.id !== 'm-2', 'the id given by the caller is gone')
      ok(!JSON.stringify(tombstone).includes('secret'), 'the words are gone')
      ok(!before?.redacted && !after?.redacted, 'its neighbours are as they were')
    }
    equal(
      await fill(subject, 'room:a', 4, 4).then(([position]) => position?.offset),
      4,
      'the channel goes on',
    )
  },

  async 'redact tells when an offset is not held'(subject) {
    await fill(subject, 'room:a', 1, 5)
    await subject.log.trim('acme', 'room:a', { ...roomy, maxEvents: 2 }, now)
    for (const offset of [0, 1, 3, 6, 99])
      equal(await subject.log.redact('acme', 'room:a', offset), false, `${offset} is not held`)
    equal(
      await subject.log.redact('acme', 'room:none', 1),
      false,
      'nothing is held in a channel never written',
    )
    equal(await held(subject, 'room:a'), [4, 5], 'nothing has changed')
  },

  async 'redacted events are trimmed as others are'(subject) {
    await fill(subject, 'room:a', 1, 5)
    await subject.log.redact('acme', 'room:a', 1)
    await subject.log.redact('acme', 'room:a', 5)
    equal(
      await subject.log.trim('acme', 'room:a', { ...roomy, maxEvents: 2 }, now),
      4,
      'trim answers the new first',
    )
    equal(await held(subject, 'room:a'), [4, 5], 'two are left')
  },
}
