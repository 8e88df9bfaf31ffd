import type { Announcement, Broker, BrokerListener, NodeMessage } from '../ports/broker.ts'
import { equal, ok } from './conformance/assert.ts'
import { eventAt } from './conformance/log-cases.ts'
import { type Cases, type DefineTest, defineCases, range } from './conformance/suite.ts'

/** A cluster under test, without any node yet. */
export interface BrokerSubject {
  /** A broker for one more node of the cluster. */
  readonly broker: () => Broker
  /** Lets time pass: the clock's, or real time. */
  readonly pass: (ms: number) => Promise<void>
  /** Takes the link of a node to all others away, without a word; with it, loss and return are checked. */
  readonly cut?: (node: string) => Promise<void> | void
  /** Gives it back. */
  readonly mend?: (node: string) => Promise<void> | void
  /** Ends a node without a farewell; with it, the lease is checked. */
  readonly lose?: (node: string) => Promise<void> | void
  readonly close: () => Promise<void>
}

/** A node, as far as a broker sees it. */
interface Member extends BrokerListener {
  readonly id: string
  readonly broker: Broker
  readonly announcements: Announcement[]
  readonly messages: { readonly from: string; readonly message: NodeMessage }[]
  /** `joined <node>`, `left <node>`, `restored` */
  readonly news: string[]
}

interface Cluster extends BrokerSubject {
  readonly join: (id: string) => Promise<Member>
  /** Fulfilled when what is announced of a channel arrives. */
  readonly follow: (broker: Broker, channel: string) => Promise<void>
  /** Fulfilled when something is so. */
  readonly until: (isSo: () => boolean, claim: string, maxMs?: number) => Promise<void>
}

/** What has not come in this time does not come. */
const quietMs = 200

/** Defines a test for each guarantee of the port `Broker`. `open` gives a cluster of its own, which nobody else uses. */
export function checkBroker(test: DefineTest, open: () => Promise<BrokerSubject>): void {
  const openCluster = async (): Promise<Cluster> => {
    const subject = await open()
    const members: Member[] = []
    return {
      ...subject,
      async join(id) {
        const member = memberOf(id, subject.broker())
        members.push(member)
        await member.broker.start(id, member)
        return member
      },
      async follow(broker, channel) {
        let isDone = false
        const done = Promise.resolve(broker.follow('acme', channel)).finally(() => {
          isDone = true
        })
        while (!isDone) await subject.pass(1)
        await done
      },
      async until(isSo, claim, maxMs = 5_000) {
        for (let passed = 0; !isSo(); passed += 10) {
          ok(passed <= maxMs, claim)
          await subject.pass(10)
        }
      },
      async close() {
        for (const { broker } of members) await broker.stop()
        await subject.close()
      },
    }
  }
  defineCases(test, openCluster, cases)
}

function memberOf(id: string, broker: Broker): Member {
  const member: Member = {
    ...{ id, broker, announcements: [], messages: [], news: [] },
    announced: (announcement) => void member.announcements.push(announcement),
    received: (from, message) => void member.messages.push({ from, message }),
    joined: (node) => void member.news.push(`joined ${node}`),
    left: (node) => void member.news.push(`left ${node}`),
    restored: () => void member.news.push('restored'),
  }
  return member
}

const announcement = (head: number, over: Partial<Announcement> = {}): Announcement => ({
  ...{ app: 'acme', channel: 'room:a', epoch: 'e1', prev: head - 1, head, control: 0 },
  events: [{ ...eventAt(head), offset: head }],
  ...over,
})

const heads = ({ announcements }: Member) => announcements.map(({ head }) => head)

const cases: Cases<Cluster> = {
  async 'an announcement reaches every other node that follows its channel, and no more'({
    follow,
    join,
    pass,
    until,
  }) {
    const [one, two, three] = [await join('one'), await join('two'), await join('three')]
    for (const { broker } of [one, two]) await follow(broker, 'room:a')
    await follow(three.broker, 'room:b')
    one.broker.announce(announcement(1))
    await until(() => two.announcements.length > 0, 'who follows the channel hears of it')
    await pass(quietMs)
    equal(two.announcements, [announcement(1)], 'as it was announced, once')
    equal(
      [heads(one), heads(three)],
      [[], []],
      'the node itself and who follows another channel hear nothing',
    )
  },

  async 'an announcement arrives as it was made'({ follow, join, until }) {
    const [one, two] = [await join('one'), await join('two')]
    await follow(two.broker, 'room:a')
    const events = [
      { offset: 8, type: 'chat.sent', data: '{"text":"ünïcode ✓ \\u0000"}', at: 1_767_225_600_000 },
      { offset: 9, type: 't', data: 'null', at: 2, by: 'ada', id: 'i', tags: '{"a":"b"}' },
    ]
    const made = [
      announcement(9, { prev: 7, control: 41, events }),
      { app: 'acme', channel: 'room:a', epoch: 'e1', prev: 9, head: 11, control: 42 },
    ]
    for (const one_ of made) one.broker.announce(one_)
    await until(() => two.announcements.length === 2, 'both arrive')
    const byHead = [...two.announcements].sort((a, b) => a.head - b.head)
    equal(byHead, made, 'with all that they hold, events or none')
  },

  async 'an announcement of 64 KiB arrives'({ follow, join, until }) {
    const [one, two] = [await join('one'), await join('two')]
    await follow(two.broker, 'room:a')
    const events = [{ offset: 1, type: 't', data: JSON.stringify('x'.repeat(65_000)), at: 1 }]
    one.broker.announce(announcement(1, { events }))
    await until(() => two.announcements.length === 1, 'it arrives')
    equal(two.announcements[0]?.events?.[0]?.data.length, 65_002, 'whole')
  },

  async 'what is announced after a channel is followed arrives'({ follow, join, until }) {
    const [one, two] = [await join('one'), await join('two')]
    for (const n of range(1, 30)) {
      const channel = `room:${n}`
      await follow(two.broker, channel)
      one.broker.announce(announcement(n, { channel }))
    }
    await until(() => two.announcements.length === 30, 'each arrives')
  },

  async 'a channel that is no longer followed is not heard of, and can be followed again'({
    follow,
    join,
    pass,
    until,
  }) {
    const [one, two] = [await join('one'), await join('two')]
    await follow(two.broker, 'room:a')
    two.broker.unfollow('acme', 'room:a')
    await pass(quietMs)
    one.broker.announce(announcement(1))
    await pass(quietMs)
    equal(heads(two), [], 'nothing comes')
    await follow(two.broker, 'room:a')
    one.broker.announce(announcement(2))
    await until(() => two.announcements.length > 0, 'it comes again')
    equal(heads(two), [2], 'from then on')
  },

  async 'channels of other apps, and those with a similar name, are others'({ follow, join, pass, until }) {
    const [one, two] = [await join('one'), await join('two')]
    const names = ['room:a', 'room:a.b', 'room:a*', 'room:>', 'room:A', 'room:~@+=:-_', 'room:a:b']
    const wanted = 'room:a'
    await follow(two.broker, wanted)
    for (const channel of names.filter((name) => name !== wanted))
      one.broker.announce(announcement(1, { channel }))
    one.broker.announce(announcement(1, { app: 'other' }))
    one.broker.announce(announcement(1, { app: 'acm', channel: 'eroom:a' }))
    one.broker.announce(announcement(5))
    await until(() => two.announcements.length > 0, 'the channel that is followed is heard of')
    await pass(quietMs)
    equal(heads(two), [5], 'and no other')
    for (const channel of names) await follow(two.broker, channel)
    for (const channel of names) one.broker.announce(announcement(6, { channel }))
    await until(() => two.announcements.length === 1 + names.length, 'each of them can be followed')
  },

  async 'a message to all reaches every other node, and one to a node that one'({ join, pass, until }) {
    const [one, two, three] = [await join('one'), await join('two'), await join('three')]
    await until(() => one.broker.nodes().length === 2, 'the nodes know each other')
    const message = { type: 'hello', list: [1, { deep: 'ü' }], none: null }
    one.broker.send(message)
    one.broker.send({ type: 'only' }, 'three')
    await until(() => two.messages.length === 1 && three.messages.length === 2, 'they arrive')
    await pass(quietMs)
    equal(one.messages, [], 'nothing comes back')
    equal(two.messages, [{ from: 'one', message }], 'as it was sent, with its sender')
    equal(three.messages.map((one_) => one_.message.type).sort(), ['hello', 'only'], 'both')
  },

  async 'nodes hear of each other, and of a farewell at once'({ join, until }) {
    const one = await join('one')
    const two = await join('two')
    await until(() => one.news.length > 0 && two.news.length > 0, 'both hear of the other')
    equal([one.news, two.news], [['joined two'], ['joined one']], 'once')
    equal([one.broker.nodes(), two.broker.nodes()], [['two'], ['one']], 'and list it')
    await two.broker.stop()
    await until(() => one.news.includes('left two'), 'a farewell is heard of', one.broker.leaseMs / 2)
    equal(one.broker.nodes(), [], 'and the node is no longer listed')
  },

  async 'a node that has stopped is told nothing, and tells nobody'({ follow, join, pass }) {
    const [one, two] = [await join('one'), await join('two')]
    await follow(two.broker, 'room:a')
    await two.broker.stop()
    const news = two.news.length
    await two.broker.stop()
    one.broker.announce(announcement(1))
    one.broker.send({ type: 'hello' })
    two.broker.announce(announcement(2))
    two.broker.send({ type: 'hello' })
    await follow(two.broker, 'room:b')
    two.broker.unfollow('acme', 'room:a')
    await pass(quietMs)
    equal([two.announcements, two.messages, two.news.slice(news)], [[], [], []], 'it hears nothing')
    equal(one.messages, [], 'and is not heard')
  },

  async 'nothing that is called before the start throws'({ follow, broker }) {
    const early = broker()
    early.announce(announcement(1))
    early.send({ type: 'hello' })
    await follow(early, 'room:a')
    early.unfollow('acme', 'room:a')
    ok(early.nodes().length === 0, 'there is nobody')
    await early.stop()
  },

  async 'a thousand announcements at once arrive, if nothing goes wrong'({ follow, join, until }) {
    const [one, two] = [await join('one'), await join('two')]
    await follow(two.broker, 'room:a')
    for (const n of range(1, 1_000)) one.broker.announce(announcement(n))
    await until(() => new Set(heads(two)).size === 1_000, 'all of them')
  },

  async 'a node that dies is heard of within the lease'({ join, lose, until }) {
    if (lose === undefined) return
    const [one, two] = [await join('one'), await join('two')]
    await until(() => one.broker.nodes().length === 1, 'the nodes know each other')
    await lose(two.id)
    const slackMs = 1_000
    await until(() => one.news.includes('left two'), 'it is gone', one.broker.leaseMs + slackMs)
    equal(one.broker.nodes(), [], 'and is no longer listed')
  },

  async 'a node whose link is down says so, and is told when it is there again'({
    follow,
    join,
    cut,
    mend,
    until,
  }) {
    if (cut === undefined || mend === undefined) return
    const [one, two] = [await join('one'), await join('two')]
    await follow(two.broker, 'room:a')
    ok(two.broker.problem() === undefined, 'nothing is wrong at first')
    await cut(two.id)
    await until(() => two.broker.problem() !== undefined, 'something is wrong', two.broker.leaseMs + 1_000)
    one.broker.announce(announcement(1))
    await mend(two.id)
    await until(() => two.news.includes('restored'), 'it is told that signals were missed', 30_000)
    ok(two.broker.problem() === undefined, 'nothing is wrong any more')
    one.broker.announce(announcement(2))
    await until(() => heads(two).includes(2), 'what it follows is announced to it again')
  },

  async 'a node that was gone for longer than the lease comes back'({ join, cut, mend, until }) {
    if (cut === undefined || mend === undefined) return
    const [one, two] = [await join('one'), await join('two')]
    await until(() => one.broker.nodes().length === 1, 'the nodes know each other')
    await cut(two.id)
    await until(() => one.news.includes('left two'), 'it counts as gone', one.broker.leaseMs + 1_000)
    await mend(two.id)
    await until(() => one.news.at(-1) === 'joined two', 'it is there again', 30_000)
    one.broker.send({ type: 'hello' }, 'two')
    await until(() => two.messages.length > 0, 'and hears messages')
  },
}
