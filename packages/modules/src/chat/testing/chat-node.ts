import { memorySql } from '@parley/adapters/log-and-store/sqlite'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '@parley/kernel/testing'
import type { CommandInput, CommandOutput, ParleyError } from '@parley/protocol'
import type { chat } from '../contract.ts'
import { type ChatOptions, chatModule } from '../index.ts'

type Commands = (typeof chat)['commands']

/** A node with chat, on virtual time, and the commands of chat as its users call them. */
export interface ChatNode extends TestNode {
  as<Name extends keyof Commands>(
    user: string,
    command: Name,
    input: CommandInput<Commands[Name]>,
    key?: string,
  ): Promise<CommandOutput<Commands[Name]>>
  /** The code with which a command is refused, or `ok`. */
  refusal<Name extends keyof Commands>(
    user: string,
    command: Name,
    input: CommandInput<Commands[Name]>,
  ): Promise<string>
}

/** Starts a {@link ChatNode}, over tables in memory unless a store or a disk is given. */
export async function startChat(options: TestNodeOptions = {}, chatOptions?: ChatOptions): Promise<ChatNode> {
  const hasTables = options.store !== undefined || options.disk !== undefined
  const t = await testNode({
    modules: [chatModule(chatOptions)],
    ...(hasTables ? {} : { sql: memorySql() }),
    ...options,
  })
  const as: ChatNode['as'] = async (user, command, input, key) =>
    (await t.call(testIdentity(user, { grants: [] }), `chat.${command}`, input, key)) as never
  const refusal: ChatNode['refusal'] = (user, command, input) =>
    as(user, command, input).then(
      () => 'ok',
      (error: ParleyError) => error.code,
    )
  return { ...t, as, refusal }
}

/** Creates a room with an owner and members, and answers its channel. */
export async function makeRoom(
  t: ChatNode,
  id: string,
  owner: string,
  ...members: string[]
): Promise<string> {
  await t.as(owner, 'create', { id, members })
  return `conversation:${id}`
}
