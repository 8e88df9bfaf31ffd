import { usePresence } from '@parley/react'
import { useEffect, useRef } from 'react'
import type { Place } from '../address/place.ts'
import { goTo } from '../address/use-place.ts'
import type { Entry } from '../conversations/sections.ts'
import { useEntries } from '../conversations/use-entries.ts'
import { plainOf } from '../message-card/plain.ts'
import { useNames } from '../presence/use-names.ts'
import { type Desk, useDesk } from '../shell/desk.ts'
import { showBadge } from './favicon.ts'
import { areNotificationsOn } from './notification-choice.ts'
import { type Counts, isWorthTelling, tidingsOf, titleWith } from './tidings.ts'

/** Says in the tab what waits: its title, its icon, and notifications where they were asked for. No sound. */
export function Attention({ place }: { readonly place: Place }) {
  const entries = useEntries()
  const { count, isPersonal } = tidingsOf(entries)
  const open = place.page === 'conversation' ? place.channel : undefined
  const name = entries.find(({ conversation }) => conversation.channel === open)?.title

  useEffect(() => {
    document.title = titleWith(name === undefined ? 'Parley' : `${name} · Parley`, { count, isPersonal })
  }, [name, count, isPersonal])

  useEffect(() => showBadge(isPersonal ? 'personal' : count > 0 ? 'some' : 'none'), [isPersonal, count])

  useNotifications(entries, open)
  return null
}

function useNotifications(entries: readonly Entry[], open: string | undefined): void {
  const desk = useDesk()
  const nameOf = useNames()
  const isBusy = usePresence([desk.me ?? '']).of(desk.me ?? '').availability === 'busy'
  const before = useRef<ReadonlyMap<string, Counts>>(undefined)
  useEffect(() => {
    const known = before.current
    before.current = new Map(entries.map((entry) => [entry.conversation.channel, entry]))
    // What waited before the page was opened is no news.
    if (known === undefined || known.size === 0 || isBusy || !areNotificationsOn(desk.device)) return
    for (const entry of entries) {
      const counts = known.get(entry.conversation.channel)
      const isRead = entry.conversation.channel === open && document.hasFocus()
      if (counts !== undefined && !isRead && isWorthTelling(entry, counts)) void tell(desk, entry, nameOf)
    }
  }, [entries, open, isBusy, desk, nameOf])
}

async function tell(
  { client, me }: Desk,
  { conversation, title }: Entry,
  nameOf: (user: string) => string,
): Promise<void> {
  const { channel, type } = conversation
  try {
    const { messages } = await client.chat.history({ channel, limit: 1 })
    const message = messages.at(-1)
    if (message === undefined || message.author === me || message.deleted !== undefined) return
    const text = plainOf(message.text, 140) || 'A file'
    const body = type === 'direct' ? text : `${nameOf(message.author)}: ${text}`
    const notification = new Notification(title, { body, tag: channel, silent: true, icon: '/favicon.svg' })
    notification.onclick = () => {
      window.focus()
      goTo({ page: 'conversation', channel, message: message.seq })
      notification.close()
    }
  } catch {
    // Taken out meanwhile, or notifications need a service worker here: the list says what waits in any case.
  }
}
