import { useCallback, useState } from 'react'

/** Channels that were open stay at hand, with what was written and not sent; the oldest are let go. */
const mostOpened = 12

interface Opened {
  readonly opened: readonly string[]
  /** How often each was begun anew. */
  readonly attempts: ReadonlyMap<string, number>
  readonly startOver: (channel: string) => void
  readonly forget: (channel: string) => void
}

/** The channels that have been open since the page was loaded, the newest last. */
export function useOpened(open: string | undefined): Opened {
  const [opened, setOpened] = useState<readonly string[]>([])
  const [attempts, setAttempts] = useState<ReadonlyMap<string, number>>(new Map())
  if (open !== undefined && opened.at(-1) !== open)
    setOpened([...opened.filter((channel) => channel !== open), open].slice(-mostOpened))
  const startOver = useCallback(
    (channel: string) =>
      setAttempts((before) => new Map(before).set(channel, (before.get(channel) ?? 0) + 1)),
    [],
  )
  const forget = useCallback(
    (channel: string) => setOpened((before) => before.filter((other) => other !== channel)),
    [],
  )
  return { opened, attempts, startOver, forget }
}
