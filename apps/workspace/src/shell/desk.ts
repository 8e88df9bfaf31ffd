import type { Client } from '@parley/client'
import { createContext, useContext } from 'react'
import { ChannelBook } from '../channels/channel-book.ts'
import { Unread } from '../channels/unread.ts'
import { Waiting } from '../connection/waiting.ts'
import { type Kept, keptFor, keptOnDevice, keptWithTab } from '../kept.ts'
import { Names } from '../presence/names.ts'
import type { Session } from '../sign-in/session.ts'

/** What lies before somebody who is signed in; made once a session. */
export interface Desk {
  /** Undefined for the token of a back end. */
  readonly me: string | undefined
  readonly name: string
  readonly book: ChannelBook
  readonly unread: Unread
  readonly names: Names
  readonly waiting: Waiting
  /** Lasts as long as the tab, for this person. */
  readonly tab: Kept
}

export function createDesk(client: Client, { user, name }: Session): Desk {
  const owner = user ?? 'back-end'
  const device = keptFor(owner, keptOnDevice)
  const names = new Names(device)
  if (user !== undefined) names.learn([{ id: user, name }])
  return {
    me: user,
    name,
    names,
    book: new ChannelBook(device),
    unread: new Unread(client, device),
    waiting: new Waiting(),
    tab: keptFor(owner, keptWithTab),
  }
}

const DeskContext = createContext<Desk | undefined>(undefined)

export const DeskProvider = DeskContext

/** @throws Error outside of a session */
export function useDesk(): Desk {
  const desk = useContext(DeskContext)
  if (desk === undefined) throw new Error('There is no desk without a session.')
  return desk
}
