import { implement, type Module } from '@parley/kernel'
import { defineContract, ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { files } from '../../../files/contract.ts'
import { chatModule } from '../../index.ts'
import { say, textsOf } from '../../testing/calls.ts'
import { makeRoom, startChat } from '../../testing/chat-node.ts'

const channel = 'conversation:general'
const picture = 'b2Zf8sKq3nXw0aLmT5cR'
const broken = 'c2Zf8sKq3nXw0aLmT5cR'

/** The part of module `files` that chat uses, and where each file hangs. */
function someFiles(attached: Set<string>): Module {
  const { describe, attach, detach } = files.commands
  const contract = defineContract({
    name: 'files',
    summary: files.summary,
    commands: { describe, attach, detach },
    events: {},
  })
  const placeOf = (file: string, { to, ref }: { to: string; ref?: string | undefined }) =>
    `${file} ${to} ${ref}`
  return implement(contract, {
    handlers: {
      describe: (_ctx, { files: ids }) => ({
        files: ids.map((file) => {
          if (file === broken) throw new ParleyError('files.not_ready', 'The upload is not finished.')
          const info = { name: 'harbour.jpg', type: 'image/jpeg', size: 48_213, width: 640, height: 480 }
          return { ...info, file, status: 'ready' as const, thumbnail: true, own: true, createdAt: 1 }
        }),
      }),
      attach: (_ctx, { files: ids, ...place }) => {
        for (const file of ids) attached.add(placeOf(file, place))
        return {}
      },
      detach: (_ctx, { files: ids, ...place }) => {
        for (const file of ids) attached.delete(placeOf(file, place))
        return {}
      },
    },
  })
}

async function start() {
  const attached = new Set<string>()
  const t = await startChat({ modules: [chatModule(), someFiles(attached)] })
  await makeRoom(t, 'general', 'ada', 'bob')
  return { t, attached }
}

test('a message takes files along, with or without words, and a deleted one lets go of them', async () => {
  const { t, attached } = await start()
  const { seq } = await t.as('ada', 'send', { channel, text: '', attachments: [picture, picture] })
  expect(await t.as('bob', 'message', { channel, seq })).toMatchObject({
    text: '',
    attachments: [
      { file: picture, name: 'harbour.jpg', type: 'image/jpeg', size: 48_213, width: 640, height: 480 },
    ],
  })
  expect([...attached]).toEqual([expect.stringMatching(`^${picture} ${channel} chat-`)])
  const search = await t.as('bob', 'search', { text: 'harbour', has: 'file' })
  expect(search.messages.map((message) => message.seq)).toEqual([seq])
  await t.as('ada', 'edit', { channel, seq, text: 'With words' })
  expect(await t.as('bob', 'message', { channel, seq })).toMatchObject({ attachments: [{ file: picture }] })
  await t.as('ada', 'delete', { channel, seq })
  expect([...attached]).toEqual([])
  expect((await t.as('bob', 'history', { channel })).messages[0]?.attachments).toBeUndefined()
})

test('a repeat attaches nothing twice, and a refusal leaves nothing attached', async () => {
  const { t, attached } = await start()
  const message = { channel, text: 'Look', id: 'm-1', attachments: [picture] }
  const sent = await t.as('ada', 'send', message)
  expect(await t.as('ada', 'send', message)).toEqual(sent)
  expect(attached.size).toBe(1)
  expect(await t.refusal('ada', 'send', { ...message, id: 'm-2', replyTo: 999 })).toBe('chat.no_such_message')
  expect(attached.size).toBe(1)
})

test('a message is deleted also when the server has no files any more', async () => {
  const { t } = await start()
  const { seq } = await t.as('ada', 'send', { channel, text: 'Look', attachments: [picture] })
  await t.node.stop()
  const later = await startChat({ disk: t.store.disk })
  expect(await later.as('bob', 'message', { channel, seq })).toMatchObject({
    attachments: [{ file: picture }],
  })
  expect(await later.refusal('ada', 'delete', { channel, seq })).toBe('ok')
})

test('a file that is not finished, or a server without files, refuses the message', async () => {
  const { t } = await start()
  expect(await t.refusal('ada', 'send', { channel, text: 'Look', attachments: [broken] })).toBe(
    'chat.no_such_file',
  )
  const without = await startChat()
  await makeRoom(without, 'general', 'ada')
  expect(await without.refusal('ada', 'send', { channel, text: 'Look', attachments: [picture] })).toBe(
    'chat.no_such_file',
  )
  await say(without, 'ada', { channel, text: 'Words alone' })
  expect(await textsOf(without, 'ada', channel)).toEqual(['Words alone'])
})
