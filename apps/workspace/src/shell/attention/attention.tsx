import { type ReadState, usePresence, useUnread } from '@parley/react'
import { useEffect, useRef } from 'react'
import type { Place } from '../../address/place.ts'
import { goTo } from '../../address/use-place.ts'
import { plainOf } from '../../collections/message-card/plain.ts'
import type { Entry } from '../../conversations/list/sections.ts'
import { useEntries } from '../../conversations/list/use-entries.ts'
import { useNames } from '../../presence/use-names.ts'
import { type Desk, useDesk } from '../desk.ts'
import { showBadge } from './favicon.ts'
import { areNotificationsOn } from './notification-choice.ts'
import { type Counts, isWorthTelling, tidingsOf, titleWith } from './tidings.ts'

const pageTitles: Partial<Readonly<Record<Place['page'], string>>> = {
  threads: 'Threads',
  mentions: 'Mentions',
  drafts: 'Drafts',
  scheduled: 'Scheduled',
  people: 'People',
  rooms: 'Rooms',
  invitations: 'Invitations',
  search: 'Search',
  you: 'You',
  channels: 'Channels',
}

/** Says in the tab what waits: its title, its icon, and notifications where they were asked for. No sound. */
export function Attention({ place }: { readonly place: Place }) {
  const entries = useEntries()
  const { threads } = useUnread()
  const { count, isPersonal } = tidingsOf(entries, threads.values())
  const open = place.page === 'conversation' ? place.channel : undefined
  const title = entries.find(({ conversation }) => conversation.channel === open)?.title
  const name = title ?? pageTitles[place.page]

  useEffect(() => {
    document.title = titleWith(name === undefined ? 'Parley' : `${name} · Parley`, { count, isPersonal })
  }, [name, count, isPersonal])

  useEffect(() => showBadge(isPersonal ? 'personal' : count > 0 ? 'some' : 'none'), [isPersonal, count])

  useNotifications(entries, threads, open)
  return null
}

type Threads = ReadonlyMap<string, ReadState>

/** Tells of what comes into conversations and followed threads that are not before the reader's eyes. */
function useNotifications(entries: readonly Entry[], threads: Threads, open: string | undefined): void {
  const desk = useDesk()
  const nameOf = useNames()
  const isBusy = usePresence([desk.me ?? '']).of(desk.me ?? '').availability === 'busy'
  const before = useRef<ReadonlyMap<string, Counts>>(undefined)
  useEffect(() => {
    const known = before.current
    const streams = streamsOf(entries, threads)
    before.current = new Map(streams.map(({ key, counts }) => [key, counts]))
    // What waited before the page was opened is no news.
    if (known === undefined || known.size === 0 || isBusy || !areNotificationsOn(desk.device)) return
    for (const { key, entry, counts, thread } of streams) {
      const isRead = entry.conversation.channel === open && document.hasFocus()
      const then = known.get(key) ?? (thread === undefined ? undefined : { unread: 0, mentions: 0 })
      if (then !== undefined && !isRead && isWorthTelling(entry, counts, then))
        void tell(desk, { entry, thread, nameOf })
    }
  }, [entries, threads, open, isBusy, desk, nameOf])
}

/** Conversations, and the threads in them. */
function streamsOf(entries: readonly Entry[], threads: Threads) {
  const byChannel = new Map(entries.map((entry) => [entry.conversation.channel, entry]))
  const inThreads = [...threads].flatMap(([key, counts]) => {
    const entry = byChannel.get(counts.channel)
    return entry === undefined ? [] : [{ key, entry, counts, thread: counts.thread }]
  })
  const whole = entries.map((entry) => ({
    ...{ key: entry.conversation.channel, entry, thread: undefined },
    counts: { unread: entry.unread, mentions: entry.mentions },
  }))
  return [...whole, ...inThreads]
}

interface News {
  readonly entry: Entry
  readonly thread: number | undefined
  readonly nameOf: (user: string) => string
}

async function tell({ client, me }: Desk, { entry, thread, nameOf }: News): Promise<void> {
  const { conversation, title } = entry
  const { channel, type } = conversation
  const place = { channel, ...(thread === undefined ? {} : { thread }) }
  try {
    const { messages } = await client.chat.history({ ...place, limit: 1 })
    const message = messages.at(-1)
    if (message === undefined || message.author === me || message.deleted !== undefined) return
    const text = plainOf(message.text, 140) || 'A file'
    const body = type === 'direct' ? text : `${nameOf(message.author)}: ${text}`
    const notification = new Notification(title, {
      body,
      tag: `${channel}/${thread ?? ''}`,
      silent: true,
      icon: '/favicon.svg',
    })
    notification.onclick = () => {
      window.focus()
      goTo({ page: 'conversation', ...place, message: message.seq })
      notification.close()
    }
  } catch {
    // Taken out meanwhile, or notifications need a service worker here: the list says what waits in any case.
  }
}
