import { testIdentity } from '@parley/kernel/testing'
import type { ParleyError } from '@parley/protocol'
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

/** Sends a text and answers the seq of the message. */
export async function say(
  t: ChatNode,
  user: string,
  channel: string,
  text: string,
  over: { readonly thread?: number; readonly replyTo?: number; readonly id?: string } = {},
): Promise<number> {
  const { seq } = await t.as(user, 'send', { channel, text, ...over })
  return seq
}

/** The texts of a conversation as somebody reads them now; of a deleted message `undefined`. */
export async function textsOf(t: ChatNode, user: string, channel: string): Promise<(string | undefined)[]> {
  const { messages } = await t.as(user, 'history', { channel, limit: 200 })
  return messages.map(({ text, deleted }) => (deleted === undefined ? text : undefined))
}
