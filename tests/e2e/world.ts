import { createClient } from '@parley/client'
import { uploadFile } from '@parley/client/upload'
import type { Identity, Node } from '@parley/kernel'

/** Inputs of commands whose examples name what nobody can know beforehand. */
export type Inputs = Readonly<Record<string, object>>

/**
 * Makes what the examples of contracts speak of: the channel `chat:general` with events, the conversation
 * `conversation:general` of the caller, ada, grace and mallory with messages, an invitation, a link, drafts.
 */
export async function furnish(node: Node, caller: string, as: (user: string) => Identity): Promise<Inputs> {
  const call = (user: string, command: string, input: object) => node.call(as(user), command, input)
  for (let count = 0; count < 20; count++)
    await call(caller, 'channels.publish', { channel: 'chat:general', data: { count } })
  const channel = 'conversation:general'
  // The first who joins the room that is there from the start owns it.
  await call(caller, 'chat.join', { channel })
  await call(caller, 'chat.addMembers', { channel, users: ['ada', 'mallory', 'grace'] })
  for (let count = 0; count < 30; count++)
    await call(caller, 'chat.send', { channel, text: `launch date ${count}` })
  const dueAt = Date.now() + 3_600_000
  await call(caller, 'chat.schedule', { channel, id: 'x1', text: 'Good morning', dueAt })
  await call('grace', 'chat.create', { id: 'other', title: 'Other' })
  const made = { token: '' }
  Object.assign(made, await call('grace', 'chat.createLink', { channel: 'conversation:other' }))
  return {
    'chat.joinByLink': { token: made.token },
    'chat.schedule': { channel, text: 'Good morning', dueAt },
    'chat.reschedule': { id: 'x1', dueAt },
  }
}

/** Uploads a file. Answers the inputs of the commands that are about one. */
export async function uploaded(url: string, token: string): Promise<Inputs> {
  const client = createClient({ url, token })
  await client.connect()
  const bytes = new TextEncoder().encode('Notes on the launch')
  const { file } = await uploadFile(client, bytes, { name: 'notes.txt' })
  client.disconnect()
  return {
    'files.get': { file },
    'files.describe': { files: [file] },
    'files.url': { file },
    'files.remove': { file },
  }
}
