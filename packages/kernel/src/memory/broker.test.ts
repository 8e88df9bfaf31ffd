import { describe, expect, test } from 'vitest'
import type { Broker } from '../ports/broker.ts'
import { checkBroker } from '../testing/check-broker.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { memoryCluster } from './broker.ts'

const listener = {
  announced: () => undefined,
  received: () => undefined,
  joined: () => undefined,
  left: () => undefined,
  restored: () => undefined,
}

function open(around: (broker: Broker) => Broker = (broker) => broker) {
  const clock = new VirtualClock()
  const cluster = memoryCluster({ clock })
  return {
    broker: () => around(cluster.broker()),
    pass: (ms: number) => clock.advance(ms),
    cut: (node: string) => cluster.cut(node),
    mend: (node: string) => cluster.mend(node),
    lose: (node: string) => cluster.lose(node),
    close: async () => undefined,
  }
}

describe('the broker in memory', () => checkBroker(test, async () => open()))

describe('following that takes a while', () => {
  checkBroker(test, async () => {
    const clock = new VirtualClock()
    const cluster = memoryCluster({ clock, followMs: () => 0 })
    return { broker: () => cluster.broker(), pass: (ms) => clock.advance(ms), close: async () => undefined }
  })
})

describe('the checks notice', () => {
  const defects: Record<string, readonly [plant: (broker: Broker) => Partial<Broker>, noticedBy: string]> = {
    'nothing is wrong': [() => ({}), ''],
    'every channel is followed': [
      (broker) => ({
        start: async (node, given) => {
          await broker.start(node, given)
          await broker.follow('acme', 'room:a')
        },
      }),
      'an announcement reaches every other node that follows its channel, and no more',
    ],
    'announcements lose their control head': [
      (broker) => ({ announce: (one) => broker.announce({ ...one, control: 0 }) }),
      'an announcement arrives as it was made',
    ],
    'following is forgotten': [
      (broker) => {
        let count = 0
        return { follow: (app, name) => (count++ % 7 === 6 ? undefined : broker.follow(app, name)) }
      },
      'what is announced after a channel is followed arrives',
    ],
    'nobody is unfollowed': [
      () => ({ unfollow: () => undefined }),
      'a channel that is no longer followed is not heard of, and can be followed again',
    ],
    'apps are mixed up': [
      (broker) => ({
        announce: (one) => broker.announce({ ...one, app: 'acme' }),
        follow: (_app, name) => broker.follow('acme', name),
      }),
      'channels of other apps, and those with a similar name, are others',
    ],
    'messages go to all': [
      (broker) => ({ send: (message) => broker.send(message) }),
      'a message to all reaches every other node, and one to a node that one',
    ],
    'the dead are listed': [
      () => ({ nodes: () => ['two'] }),
      'a node that dies is heard of within the lease',
    ],
    'the link is always fine': [
      () => ({ problem: () => undefined }),
      'a node whose link is down says so, and is told when it is there again',
    ],
  }

  test.each(Object.entries(defects))('%s', async (_defect, [plant, noticedBy]) => {
    const around = (sound: Broker): Broker => {
      const bound: Broker = {
        leaseMs: sound.leaseMs,
        start: (...given) => sound.start(...given),
        stop: () => sound.stop(),
        announce: (one) => sound.announce(one),
        follow: (...what) => sound.follow(...what),
        unfollow: (...what) => sound.unfollow(...what),
        send: (...what) => sound.send(...what),
        nodes: () => sound.nodes(),
        problem: () => sound.problem(),
      }
      return { ...bound, ...plant(bound) }
    }
    const failed: string[] = []
    const checks: (readonly [string, () => Promise<void>])[] = []
    checkBroker(
      (name, run) => checks.push([name, run]),
      async () => open(around),
    )
    for (const [name, run] of checks) await run().catch(() => failed.push(name))
    if (noticedBy === '') expect(failed).toEqual([])
    else expect(failed).toContain(noticedBy)
  })
})

describe('what lies between the nodes', () => {
  test('carries nothing between groups that are split, and tells both sides when it is whole again', async () => {
    const clock = new VirtualClock()
    const cluster = memoryCluster({ clock, leaseMs: 1_000 })
    const heard: string[] = []
    const brokers = ['one', 'two'].map((id) => {
      const broker = cluster.broker()
      void broker.start(id, {
        ...listener,
        received: (from) => void heard.push(`${id} hears ${from}`),
        left: (node) => void heard.push(`${id} misses ${node}`),
        joined: (node) => void heard.push(`${id} knows ${node}`),
        restored: () => void heard.push(`${id} is whole`),
      })
      return broker
    })
    heard.length = 0
    cluster.split(['one'], ['two'])
    brokers[0]?.send({ type: 'x' })
    await clock.advance(999)
    expect(heard).toEqual([])
    await clock.advance(1)
    expect(heard.splice(0).sort()).toEqual(['one misses two', 'two misses one'])
    cluster.heal()
    brokers[0]?.send({ type: 'x' })
    await clock.advance(1)
    expect(heard.sort()).toEqual([
      'one is whole',
      'one knows two',
      'two hears one',
      'two is whole',
      'two knows one',
    ])
  })

  test('carries nothing of a node that is lost', async () => {
    const clock = new VirtualClock()
    const cluster = memoryCluster({ clock })
    const heard: string[] = []
    const [one, two] = [cluster.broker(), cluster.broker()]
    await one.start('one', { ...listener, received: (from) => void heard.push(from) })
    await two.start('two', listener)
    cluster.lose('two')
    two.send({ type: 'x' })
    await clock.advance(10)
    expect(heard).toEqual([])
  })
})
