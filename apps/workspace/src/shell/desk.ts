import type { Client } from '@parley/client'
import type { LocalCache } from '@parley/client/cache'
import type { DurableOutbox } from '@parley/client/outbox'
import { type Kept, keptFor, keptOnDevice, keptWithTab, type Session } from '@parley/look'
import { createContext, useContext } from 'react'
import type { OpenConnection } from '../connection/open-connection.ts'
import { trackSending } from '../connection/track-sending.ts'
import { Waiting, type Waits, waitingIn } from '../connection/waiting.ts'
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
  readonly waiting: Waits
  readonly outbox: DurableOutbox | undefined
  readonly cache: LocalCache | undefined
  readonly announcements: Announcements
  readonly dialogs: Dialogs
  /** Lasts as long as the tab, for this person. */
  readonly tab: Kept
  /** Lasts on this device, for this person. */
  readonly device: Kept
}

export function createDesk(connection: OpenConnection, { user, name, renewable }: Session): Desk {
  const { client, outbox, cache } = connection
  const owner = user ?? 'back-end'
  const device = keptFor(owner, keptOnDevice)
  const names = new Names(device)
  const sending = new Waiting()
  if (user !== undefined) names.learn([{ id: user, name }])
  return {
    me: user,
    name,
    isTrial: renewable,
    client: outbox === undefined ? trackSending(client, sending) : client,
    names,
    waiting: outbox === undefined ? sending : waitingIn(outbox),
    outbox,
    cache,
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
