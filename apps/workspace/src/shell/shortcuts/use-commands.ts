import { type ConversationPlace, type PanelName, placeIn } from '../../address/place.ts'
import { goTo } from '../../address/use-place.ts'
import { hasNews, neighbourOf, sectionsOf } from '../../conversations/list/sections.ts'
import { useEntries } from '../../conversations/list/use-entries.ts'
import { useDesk } from '../desk.ts'
import { focusComposer, focusFilter, focusRegion } from './focus.ts'
import type { Command } from './keys.ts'

/** What the keys do. */
export function useCommands(): Readonly<Record<Command, () => void>> {
  const { dialogs } = useDesk()
  const entries = useEntries()
  const move = (by: 1 | -1, isWanted: typeof hasNews = () => true) => {
    const channel = neighbourOf(sectionsOf(entries, ''), openPlace()?.channel, { by, isWanted })
    if (channel !== undefined) goTo({ page: 'conversation', channel })
  }
  const toggle = (panel: PanelName) => {
    const open = openPlace()
    if (open === undefined) return
    const { channel } = open
    goTo({ page: 'conversation', channel, ...(open.panel === panel ? {} : { panel }) })
  }
  return {
    palette: () => dialogs.show({ kind: 'palette' }),
    sheet: () => dialogs.show({ kind: 'shortcuts' }),
    next: () => move(1),
    previous: () => move(-1),
    'next-unread': () => move(1, hasNews),
    'previous-unread': () => move(-1, hasNews),
    'next-region': () => focusRegion(1),
    'previous-region': () => focusRegion(-1),
    new: () => dialogs.show({ kind: 'new-conversation' }),
    search: () => goTo({ page: 'search', query: {} }),
    close: closePanel,
    write: focusComposer,
    filter: focusFilter,
    details: () => toggle('details'),
    members: () => toggle('members'),
    'go-home': () => goTo({ page: 'home' }),
    'go-mentions': () => goTo({ page: 'mentions' }),
    'go-threads': () => goTo({ page: 'threads' }),
    'go-drafts': () => goTo({ page: 'drafts' }),
    'go-scheduled': () => goTo({ page: 'scheduled' }),
    'go-people': () => goTo({ page: 'people' }),
    'go-rooms': () => goTo({ page: 'rooms' }),
  }
}

function closePanel(): void {
  const open = openPlace()
  if (open?.panel === undefined && open?.thread === undefined) return
  goTo({ page: 'conversation', channel: open.channel })
}

/** The open conversation, as of now: keys come faster than pages. */
function openPlace(): ConversationPlace | undefined {
  const place = placeIn(location.hash)
  return place.page === 'conversation' ? place : undefined
}
