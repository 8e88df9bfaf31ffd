import type { Client } from '@parley/client'

/** Sample rooms are known by their id, on every device. */
export const samplePrefix = 'conversation:sample-'

type ChatOnly = Pick<Client, 'chat' | 'newId'>

interface Sample {
  readonly id: string
  readonly title: string
  readonly topic: string
  readonly visibility: 'public' | 'private'
  readonly messages: readonly SampleMessage[]
}

interface SampleMessage {
  readonly text: string
  readonly replies?: readonly string[]
  readonly emoji?: readonly string[]
  readonly isPinned?: boolean
}

const samples: readonly Sample[] = [
  {
    ...{ id: 'launch', title: 'Launch', topic: 'What has to happen before the first of the month' },
    visibility: 'private',
    messages: [
      { text: 'This room is **sample data**. Try everything here; nobody else sees it.', isPinned: true },
      {
        text: 'Open points:\n\n- figures for the announcement\n- a second pair of eyes on the *terms*\n- who answers mail on the day?',
        replies: [
          'I take the mail until noon.',
          'And I the afternoon. See the [rota](https://example.org/rota).',
        ],
        emoji: ['👍', '🎉'],
      },
      { text: 'The build is green:\n\n```sh\nnpm start\nnpm test\n```', emoji: ['✅'] },
      { text: '> Names before numbers\n\nGood advice for the slides.' },
    ],
  },
  {
    ...{ id: 'reading', title: 'Reading', topic: 'Papers and posts worth an evening' },
    visibility: 'private',
    messages: [
      { text: '“Notes on the Analytical Engine” is shorter than its fame. Start with note G.' },
      { text: 'Search finds words without regard to accents: try *cafe* for café.', replies: ['It does.'] },
      { text: '`/` begins a slash command, `@` a mention, `:` an emoji.', emoji: ['👀'] },
    ],
  },
  {
    ...{ id: 'lunch', title: 'Lunch', topic: '' },
    visibility: 'private',
    messages: [
      { text: 'The Italian place at half past twelve?' },
      { text: 'I reserve for four.', emoji: ['🍝'] },
    ],
  },
]

/** Makes a few rooms with messages of the caller. Rooms of an earlier filling are left as they are. */
export async function fillSampleData(client: ChatOnly): Promise<void> {
  // Ids are unique in the whole app: another person's samples are not in the way.
  const mark = client
    .newId()
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 8)
  for (const { id, messages, ...settings } of samples) {
    const { channel } = await client.chat.create({
      type: 'room',
      ...settings,
      id: `sample-${id}-${mark}`,
      members: [],
    })
    for (const message of messages) await say(client, channel, message)
  }
}

async function say({ chat }: ChatOnly, channel: string, message: SampleMessage): Promise<void> {
  const { seq } = await chat.send({ channel, text: message.text })
  for (const text of message.replies ?? []) await chat.send({ channel, text, thread: seq })
  for (const emoji of message.emoji ?? []) await chat.react({ channel, seq, emoji })
  if (message.isPinned === true) await chat.pin({ channel, seq })
}

/** Takes the samples away: words erased, rooms archived and left. Answers how many there were. */
export async function removeSampleData(client: ChatOnly): Promise<number> {
  const channels = await sampleRooms(client)
  for (const channel of channels) {
    await eraseOwn(client, channel)
    await client.chat.archive({ channel })
    await client.chat.leave({ channel })
  }
  return channels.length
}

/** The sample rooms that the caller owns. */
async function sampleRooms({ chat }: ChatOnly): Promise<readonly string[]> {
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await chat.list({ limit: 200, ...(after === undefined ? {} : { after }) })
    for (const { channel, mine } of page.conversations)
      if (channel.startsWith(samplePrefix) && mine?.role === 'owner') found.push(channel)
    after = page.next
  } while (after !== undefined)
  return found
}

async function eraseOwn({ chat }: ChatOnly, channel: string): Promise<void> {
  const seqs: number[] = []
  let after: number | undefined = 0
  while (after !== undefined) {
    const page: Awaited<ReturnType<Client['chat']['export']>> = await chat.export({
      channel,
      after,
      limit: 500,
    })
    for (const { seq, deleted } of page.messages) if (deleted === undefined) seqs.push(seq)
    after = page.next
  }
  // Replies before what they hang on.
  for (const seq of seqs.reverse()) await chat.delete({ channel, seq, for: 'all' })
}
