import type { Client } from '@parley/client'
import type { Kept } from '@parley/look'
import { createContext, useContext } from 'react'
import { ChannelBook } from './channel-book.ts'
import { Unread } from './unread.ts'

/** What the view of plain channels keeps for its reader. */
export interface ChannelDesk {
  readonly book: ChannelBook
  readonly unread: Unread
}

export function createChannelDesk(client: Client, device: Kept): ChannelDesk {
  return { book: new ChannelBook(device), unread: new Unread(client, device) }
}

const ChannelDeskContext = createContext<ChannelDesk | undefined>(undefined)

export const ChannelDeskProvider = ChannelDeskContext

/** @throws Error outside of the page of channels */
export function useChannelDesk(): ChannelDesk {
  const desk = useContext(ChannelDeskContext)
  if (desk === undefined) throw new Error('There is no page of channels around this component.')
  return desk
}
