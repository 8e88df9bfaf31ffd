import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChatHouse } from '../../testing/chat-house.ts'
import { settle } from '../../testing/house.ts'
import { Views } from '../../views/views.ts'
import { type ConversationView, conversationView } from './conversation-view.ts'

const channel = 'conversation:a'

type Step =
  | {
      readonly do: 'say' | 'send' | 'reply' | 'edit' | 'remove' | 'react' | 'own-react' | 'own-edit'
      readonly pick: number
    }
  | { readonly do: 'drop' | 'forget' | 'older' | 'newest' | 'go' | 'leave' | 'settle' }
  | { readonly do: 'hold'; readonly what: string }
  | { readonly do: 'jump'; readonly pick: number }

const picked = fc.nat(200)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('say', 'send', 'reply', 'react'), pick: picked }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('edit', 'remove', 'own-react', 'own-edit'), pick: picked }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump'), pick: picked }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('drop', 'forget', 'older', 'newest', 'go', 'leave', 'settle', 'settle', 'settle'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('hold'),
      what: fc.constantFrom('chat.history', 'events', 'subscribe', 'chat.send', 'chat.react', 'chat.edit'),
    }),
  },
) as fc.Arbitrary<Step>

/** One user's window while everything happens that can. */
class Run {
  readonly house = new ChatHouse()
  readonly #views: Views
  readonly view: ConversationView
  #leave: () => void
  readonly #held = new Map<string, () => void>()

  constructor(messages: number) {
    this.house.open(channel, ['ada', 'bob'], messages)
    const client = this.house.client('bob')
    this.#views = new Views(client)
    this.view = conversationView(this.#views, channel)
    void client.connect()
    this.#leave = this.view.watch(() => undefined)
  }

  async take(step: Step): Promise<void> {
    const { house, view } = this
    const { actions } = view
    const there = (house.messages.get(channel) ?? []).filter(({ deleted }) => deleted === undefined)
    const message = 'pick' in step ? there[step.pick % Math.max(1, there.length)] : undefined
    const seq = message?.seq ?? 1
    const where = { channel, seq }
    switch (step.do) {
      case 'say':
        return void house.say(channel, 'ada', `ada ${step.pick}`)
      case 'send':
        return void actions.send(`bob ${step.pick}`)
      case 'reply':
        return void house.say(channel, 'ada', 'reply', { thread: message?.thread ?? seq })
      case 'edit':
        return void (message && house.edit('ada', where, `edited ${step.pick}`))
      case 'remove':
        return message && house.remove('ada', where)
      case 'react':
        return message && house.react('ada', where, '👍', step.pick % 2 === 0)
      case 'own-react':
        return void actions.react(seq, '👍', step.pick % 2 === 0)
      case 'own-edit':
        return void actions.edit(seq, `own ${step.pick}`)
      case 'jump':
        return void actions.jumpTo({ seq })
      case 'older':
        return void actions.loadOlder()
      case 'newest':
        return void actions.jumpToNewest()
      case 'drop':
        return house.drop()
      case 'forget':
        house.drop()
        return house.forget(channel)
      case 'hold':
        if (!this.#held.has(step.what)) this.#held.set(step.what, house.hold(step.what))
        return
      case 'go':
        return this.go()
      case 'leave':
        this.#leave()
        await settle()
        this.#leave = view.watch(() => undefined)
        return
      default:
        return settle()
    }
  }

  go(): void {
    for (const letGo of this.#held.values()) letGo()
    this.#held.clear()
  }
}

const told = ({ snapshot }: ConversationView) =>
  snapshot.messages.map(({ seq, text, edited, deleted, reactions, replies, state }) => ({
    ...{ seq, text, deleted: deleted !== undefined, edits: edited?.count ?? 0 },
    // Who has read is told as it happens, and asked for when one comes.
    state: state === 'seen' ? 'stored' : state,
    reactions: reactions.map(({ emoji, count, mine, users }) => ({
      emoji,
      count,
      mine,
      users: [...users].sort(),
    })),
    replies: replies?.count ?? 0,
  }))

test('whatever happens, a window shows what somebody sees who comes now', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 130 }),
      fc.array(step, { maxLength: 40 }),
      async (messages, steps) => {
        const run = new Run(messages)
        await settle()
        for (const one of steps) await run.take(one)
        run.go()
        await settle()
        await settle()
        const { view } = run
        // An ordinary window shows a part of the whole, and it reaches to the newest message.
        await view.actions.jumpToNewest()
        await settle()
        const fresh = conversationView(new Views(run.house.client('bob')), channel)
        const client = run.house.client('bob')
        void client.connect()
        const other = conversationView(new Views(client), channel)
        other.watch(() => undefined)
        await settle()
        while (
          other.snapshot.hasOlder &&
          (other.snapshot.messages[0]?.seq ?? 0) > (view.snapshot.messages[0]?.seq ?? 0)
        )
          await other.actions.loadOlder()
        await settle()
        expect(fresh.snapshot.status).toBe('idle')
        const shown = told(view)
        const whole = told(other)
        expect(shown).toEqual(whole.slice(whole.length - shown.length))
        expect(shown.length).toBeGreaterThanOrEqual(Math.min(whole.length, 1))
      },
    ),
    { numRuns: Number(process.env.RUNS ?? 60) },
  )
}, 120_000)
