import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outcome } from '../testing/calls.ts'
import { type ChatNode, makeRoom, startChat } from '../testing/chat-node.ts'

const channel = 'conversation:general'
const users = ['ada', 'bob', 'eve'] as const
type User = (typeof users)[number]

/** A message as the model knows it. */
interface Expected {
  readonly seq: number
  readonly author: User
  readonly thread: number | undefined
  readonly versions: string[]
  readonly reactions: Map<string, User[]>
  readonly hiddenFrom: Set<User>
  isDeleted: boolean
  isPinned: boolean
}

type Step =
  | { readonly do: 'send'; readonly user: User; readonly text: string; readonly thread: number | undefined }
  | { readonly do: 'edit'; readonly user: User; readonly text: string; readonly which: number }
  | { readonly do: 'delete'; readonly user: User; readonly which: number; readonly for: 'all' | 'me' }
  | {
      readonly do: 'react'
      readonly user: User
      readonly which: number
      readonly emoji: string
      readonly on: boolean
    }
  | { readonly do: 'pin'; readonly user: User; readonly which: number; readonly on: boolean }

const user = fc.constantFrom(...users)
const which = fc.nat(30)
const text = fc.constantFrom('one', 'two @bob', '`@eve` three', 'four @room', 'five')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      user,
      text,
      thread: fc.option(which, { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), user, text, which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('delete' as const),
      user,
      which,
      for: fc.constantFrom('all' as const, 'me' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('react' as const),
      user,
      which,
      emoji: fc.constantFrom('👍', ':x:'),
      on: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pin' as const), user, which, on: fc.boolean() }) },
)

/** What the conversation should be, by the plainest means. Ada owns it. */
class Model {
  readonly messages: Expected[] = []

  pick(which: number): Expected | undefined {
    return this.messages[which % Math.max(this.messages.length, 1)]
  }

  /** Takes a step that the server was asked to take, and tells how it should have answered. */
  take(step: Step, outcome: Outcome): string {
    if (step.do === 'send') return this.#send(step, outcome)
    const message = this.pick(step.which)
    if (message === undefined || message.isDeleted) return 'chat.no_such_message'
    switch (step.do) {
      case 'edit':
        if (message.author !== step.user) return 'chat.not_the_author'
        message.versions.push(step.text)
        return 'ok'
      case 'delete':
        return this.#delete(step, message)
      case 'react':
        react(message.reactions, step)
        return 'ok'
      case 'pin':
        message.isPinned = step.on
        return 'ok'
    }
  }

  #send({ user, text, thread }: Extract<Step, { do: 'send' }>, { ok }: Outcome): string {
    const root = thread === undefined ? undefined : this.pick(thread)
    if (root !== undefined && (root.isDeleted || root.thread !== undefined)) return 'chat.no_such_message'
    this.messages.push({
      ...{ author: user, thread: root?.seq, versions: [text], isDeleted: false, isPinned: false },
      ...{ seq: (ok as { seq: number }).seq, reactions: new Map(), hiddenFrom: new Set() },
    })
    return 'ok'
  }

  #delete(step: Extract<Step, { do: 'delete' }>, message: Expected): string {
    if (step.for === 'me') {
      message.hiddenFrom.add(step.user)
      return 'ok'
    }
    if (message.author !== step.user && step.user !== 'ada') return 'chat.not_the_author'
    message.isDeleted = true
    message.isPinned = false
    message.reactions.clear()
    return 'ok'
  }

  /** What somebody should see of a stream. */
  seenBy(user: User, thread: number | undefined): unknown[] {
    return this.messages
      .filter((message) => message.thread === thread && !message.hiddenFrom.has(user))
      .map((message) => this.#describe(message))
  }

  #describe({ seq, author, isDeleted, versions, reactions, isPinned }: Expected): unknown {
    const replies = this.messages.filter((reply) => reply.thread === seq && !reply.isDeleted).length
    const edits = isDeleted ? 0 : versions.length - 1
    return {
      ...{ seq, author, edits, isPinned, replies },
      text: isDeleted ? undefined : versions.at(-1),
      reactions: Object.fromEntries([...reactions].filter(([, who]) => who.length > 0)),
    }
  }
}

function react(reactions: Map<string, User[]>, step: Extract<Step, { do: 'react' }>): void {
  const others = (reactions.get(step.emoji) ?? []).filter((one) => one !== step.user)
  reactions.set(step.emoji, step.on ? [...others, step.user].sort() : others)
}

async function take(t: ChatNode, model: Model, step: Step): Promise<Outcome> {
  const { do: command, user, ...rest } = step
  const input =
    command === 'send'
      ? {
          ...rest,
          thread: step.do === 'send' && step.thread !== undefined ? model.pick(step.thread)?.seq : undefined,
        }
      : { ...rest, seq: model.pick((step as { which: number }).which)?.seq ?? 999, which: undefined }
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
  return t.as(user, command, { channel, ...given } as never).then(
    (ok): Outcome => ({ ok }),
    ({ code }): Outcome => ({ code }),
  )
}

async function seen(t: ChatNode, user: User, thread: number | undefined): Promise<unknown[]> {
  const { messages } = await t.as(user, 'history', {
    channel,
    limit: 200,
    ...(thread === undefined ? {} : { thread }),
  })
  return messages.map(({ seq, author, text, deleted, edited, reactions, pinned, replies }) => ({
    ...{ seq, author, edits: edited?.count ?? 0, isPinned: pinned !== undefined },
    replies: replies?.count ?? 0,
    text: deleted === undefined ? text : undefined,
    reactions: Object.fromEntries(reactions.map((one) => [one.emoji, one.users.toSorted()])),
  }))
}

test('history as it is put together is what was sent, edited, deleted, reacted to and pinned', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const t = await startChat()
      await makeRoom(t, 'general', 'ada', 'bob', 'eve')
      const model = new Model()
      for (const one of steps) {
        // A step at a message that somebody hid from themselves is taken all the same.
        const outcome = await take(t, model, one)
        expect([one, outcome.code ?? 'ok']).toEqual([one, model.take(one, outcome)])
      }
      const threads = new Set(model.messages.map(({ thread }) => thread))
      for (const user of users)
        for (const thread of [undefined, ...threads])
          expect(await seen(t, user, thread)).toEqual(model.seenBy(user, thread))
      const { messages } = await t.as('ada', 'pins', { channel })
      expect(messages.map(({ seq }) => seq).sort()).toEqual(
        model.messages
          .filter(({ isPinned }) => isPinned)
          .map(({ seq }) => seq)
          .sort(),
      )
      await t.node.stop()
    }),
    { numRuns: 60 },
  )
})
