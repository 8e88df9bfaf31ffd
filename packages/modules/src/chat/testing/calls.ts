import { testIdentity } from '@parley/kernel/testing'
import type { CommandInput, ParleyError } from '@parley/protocol'
import type { chat } from '../contract.ts'
import type { ChatNode } from './chat-node.ts'

/** Whoever may do everything and is nobody. */
export const backend = testIdentity(undefined)

/** What became of a call. */
export interface Outcome {
  readonly ok?: unknown
  readonly code?: string
}

/** Calls several commands at the same moment, and tells what became of each. */
export async function together(
  t: ChatNode,
  ...calls: readonly (readonly [user: string, command: string, input: unknown])[]
): Promise<Outcome[]> {
  const running = calls.map(([user, command, input]) =>
    t.node.call(testIdentity(user, { grants: [] }), `chat.${command}`, input).then(
      (ok): Outcome => ({ ok }),
      (error: ParleyError): Outcome => ({ code: error.code }),
    ),
  )
  await t.clock.settle()
  return Promise.all(running)
}

/**
 * Calls a command while what another one changes is on its way to the disk: decided before, committed after. The store
 * of `t` must be a {@link slowStore}.
 */
export async function meanwhile(
  t: ChatNode,
  store: SlowStore,
  first: readonly [user: string, command: string, input: unknown],
  second: readonly [user: string, command: string, input: unknown],
): Promise<Outcome[]> {
  store.delayMs = 5
  const one = together(t, first)
  await t.clock.settle()
  const other = together(t, second)
  await t.clock.advance(100)
  store.delayMs = undefined
  return [...(await one), ...(await other)]
}

/** How long commits take; undefined: a moment. */
export interface SlowStore {
  delayMs: number | undefined
  readonly memoryStore: { readonly commitMs: () => number }
}

/** Options for a node whose commits can be made to take their time. */
export function slowStore(): SlowStore {
  const store: SlowStore = { delayMs: undefined, memoryStore: { commitMs: () => store.delayMs as number } }
  return store
}

/** Sends a message and answers its seq. */
export async function say(
  t: ChatNode,
  user: string,
  message: CommandInput<(typeof chat)['commands']['send']>,
): Promise<number> {
  const { seq } = await t.as(user, 'send', message)
  return seq
}

/** The texts of a conversation as somebody reads them now; of a deleted message `undefined`. */
export async function textsOf(t: ChatNode, user: string, channel: string): Promise<(string | undefined)[]> {
  const { messages } = await t.as(user, 'history', { channel, limit: 200 })
  return messages.map(({ text, deleted }) => (deleted === undefined ? text : undefined))
}
