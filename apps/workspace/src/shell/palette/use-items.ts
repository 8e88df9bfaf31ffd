import { useUnread } from '@parley/react'
import { useMemo } from 'react'
import { goTo } from '../../address/use-place.ts'
import { useEntries } from '../../conversations/list/use-entries.ts'
import { startTour } from '../../first-steps/tour/tour-progress.ts'
import { useDirect } from '../../people/use-direct.ts'
import { useKnownPeople } from '../../people/use-known-people.ts'
import { useDesk } from '../desk.ts'
import type { PaletteItem } from './items.ts'

/** What the palette offers before anything is looked for on the server. */
export function useItems(): readonly PaletteItem[] {
  const entries = useEntries()
  const people = useKnownPeople()
  const openDirect = useDirect()
  const actions = useActions()
  return useMemo(
    () => [
      ...entries.map(
        ({ conversation: { channel, type, topic }, title, partner, unread }): PaletteItem => ({
          id: channel,
          group: 'Conversations',
          label: title,
          hint: unread > 0 ? `${unread} unread` : topic,
          ...(partner === undefined ? { icon: type === 'room' ? 'room' : 'group' } : { user: partner }),
          run: () => goTo({ page: 'conversation', channel }),
        }),
      ),
      ...people.map(
        ({ id, name }): PaletteItem => ({
          ...{ id: `person ${id}`, group: 'People', label: name, hint: id, user: id },
          run: () => openDirect(id),
        }),
      ),
      ...actions,
    ],
    [entries, people, openDirect, actions],
  )
}

function useActions(): readonly PaletteItem[] {
  const { dialogs, device } = useDesk()
  const { markAllRead } = useUnread()
  return useMemo(() => {
    const action = (label: string, icon: PaletteItem['icon'], run: () => void): PaletteItem => ({
      ...{ id: `action ${label}`, group: 'Actions', label, run },
      ...(icon === undefined ? {} : { icon }),
    })
    return [
      action('New conversation', 'plus', () => dialogs.show({ kind: 'new-conversation' })),
      action('New direct conversation', 'you', () =>
        dialogs.show({ kind: 'new-conversation', type: 'direct' }),
      ),
      action('Browse rooms', 'room', () => goTo({ page: 'rooms' })),
      action('Mark everything as read', 'check', () => void markAllRead().catch(() => undefined)),
      action('Search messages', 'search', () => goTo({ page: 'search', query: {} })),
      action('Mentions', 'at', () => goTo({ page: 'mentions' })),
      action('Threads', 'thread', () => goTo({ page: 'threads' })),
      action('Drafts', 'draft', () => goTo({ page: 'drafts' })),
      action('Scheduled messages', 'clock', () => goTo({ page: 'scheduled' })),
      action('People', 'people', () => goTo({ page: 'people' })),
      action('Invitations', 'mail', () => goTo({ page: 'invitations' })),
      action('Set a status', 'smile', () => dialogs.show({ kind: 'status' })),
      action('Keyboard shortcuts', 'keyboard', () => dialogs.show({ kind: 'shortcuts' })),
      action('Take the tour', 'help', () => startTour(device)),
      action('Channels, for developers', 'reference', () => goTo({ page: 'channels' })),
    ]
  }, [dialogs, device, markAllRead])
}
