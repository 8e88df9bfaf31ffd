import type { Client } from '@parley/client'
import { type Kept, keptFor, keptOnDevice, keptWithTab, type Session } from '@parley/look'
import { createContext, useContext } from 'react'
import { trackSending } from '../connection/track-sending.ts'
import { Waiting } from '../connection/waiting.ts'
import { Names } from '../presence/names.ts'
import { Announcements } from './announcements/announcements.ts'
import { Dialogs } from './dialogs/dialogs.ts'

/** What lies before somebody who is signed in; made once a session. */
export interface Desk {
  /** Undefined for the token of a back end. */
  readonly me: string | undefined
  readonly name: string
  /** Signed in by no more than a name: a server for trying things out. */
  readonly isTrial: boolean
  readonly client: Client
  readonly names: Names
  readonly waiting: Waiting
  readonly announcements: Announcements
  readonly dialogs: Dialogs
  /** Lasts as long as the tab, for this person. */
  readonly tab: Kept
  /** Lasts on this device, for this person. */
  readonly device: Kept
}

export function createDesk(client: Client, { user, name, renewable }: Session): Desk {
  const owner = user ?? 'back-end'
  const device = keptFor(owner, keptOnDevice)
  const names = new Names(device)
  const waiting = new Waiting()
  if (user !== undefined) names.learn([{ id: user, name }])
  return {
    me: user,
    name,
    isTrial: renewable,
    client: trackSending(client, waiting),
    names,
    waiting,
    announcements: new Announcements(),
    dialogs: new Dialogs(),
    tab: keptFor(owner, keptWithTab),
    device,
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
