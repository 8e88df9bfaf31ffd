import type { Client } from '@parley/client'

/** A contact as a list of people shows them. */
export interface Line {
  readonly user: string
  readonly text: string
}

/** Shows who of a user's contacts is here: at once, and whenever that changes. Answers what ends it. */
export function showPeople(client: Client, user: string, show: (lines: readonly Line[]) => void): () => void {
  const people = client.subscribe(`contacts:${user}`, {
    state: true,
    // One entry for each contact who is not offline.
    onState: ({ entries }) =>
      show([...entries.values()].map((entry) => line(entry.user ?? '', entry.value as Presence))),
  })
  return () => people.unsubscribe()
}

interface Presence {
  readonly availability: 'online' | 'away' | 'busy'
  readonly activity?: string
  readonly status?: { readonly emoji?: string; readonly text?: string }
}

function line(user: string, { availability, activity, status }: Presence): Line {
  const words = [status?.emoji, status?.text ?? activity ?? availability]
  return { user, text: words.filter((word) => word !== undefined).join(' ') }
}

/** Tells the server what is done on this device: reports only changes, and when nobody is at it any more. */
export function reportActivity(
  client: Client,
): (activity: 'editing' | 'viewing' | 'idle', where?: string) => void {
  let told = ''
  return (activity, where) => {
    const now = `${activity} ${where ?? ''}`
    if (now === told) return
    told = now
    // Nothing hangs on a report: the next one says it again.
    client.presence.set({ activity, where: where ?? null }).catch(() => {
      told = ''
    })
  }
}
