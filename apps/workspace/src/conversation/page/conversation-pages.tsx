import { Activity, useState } from 'react'
import type { ConversationPlace } from '../../address/place.ts'
import { ConversationPage } from './conversation-page.tsx'

/** Conversations that were open stay at hand, at the place where they were left; the oldest are let go. */
const mostKept = 8

/** The open conversation, and behind it those that were open before. */
export function ConversationPages({ open }: { readonly open: ConversationPlace | undefined }) {
  const [kept, setKept] = useState<readonly string[]>([])
  if (open !== undefined && kept.at(-1) !== open.channel)
    setKept([...kept.filter((channel) => channel !== open.channel), open.channel].slice(-mostKept))
  // By name, so that React moves none of them when another one is opened.
  return [...kept].sort().map((channel) => (
    <Activity key={channel} mode={channel === open?.channel ? 'visible' : 'hidden'}>
      <ConversationPage place={channel === open?.channel ? open : { page: 'conversation', channel }} />
    </Activity>
  ))
}
