import type { Client, ParleyError } from '@parley/client'
import { useRealtime } from '@parley/react'
import { useCallback, useEffect, useState } from 'react'

/** What the channels of a kind share, as far as people see it. */
export interface ChannelKind {
  readonly name: string
  readonly durability: 'ephemeral' | 'recent' | 'durable'
  readonly presence: boolean
  readonly writable: boolean
  readonly maxEventBytes: number
  readonly maxEvents: number
  readonly maxAgeMs: number
}

export interface Kinds {
  /** Undefined until the server has answered. */
  readonly kinds: readonly ChannelKind[] | undefined
  readonly error: ParleyError | undefined
  readonly retry: () => void
}

/** The kinds of channels that people can write to and read here. */
export function useKinds(): Kinds {
  const { client, connectionStatus } = useRealtime()
  const [kinds, setKinds] = useState<readonly ChannelKind[]>()
  const [error, setError] = useState<ParleyError>()
  const retry = useCallback(() => {
    setError(undefined)
    // Waits for the connection, however long that takes.
    client.channels.kinds({}).then(
      (answer) => setKinds(answer.kinds.filter(({ module }) => module === 'channels').map(describe)),
      (cause: ParleyError) => setError(cause),
    )
  }, [client])
  // When the connection was given up, its return is the time to ask again.
  const isNeeded = kinds === undefined && connectionStatus !== 'disconnected'
  useEffect(() => {
    if (isNeeded) retry()
  }, [isNeeded, retry])
  return { kinds, error, retry }
}

type Answered = Awaited<ReturnType<Client['channels']['kinds']>>['kinds'][number]

function describe({ name, durability, presence, access, limits, retention }: Answered): ChannelKind {
  return {
    name,
    durability,
    presence,
    writable: access.write !== 'backend',
    maxEventBytes: limits.maxEventBytes ?? Number.POSITIVE_INFINITY,
    maxEvents: retention.maxEvents,
    maxAgeMs: retention.maxAgeMs,
  }
}

/** What becomes of a message in a channel of this kind, in a sentence. */
export function keepingOf({ durability, maxAgeMs, maxEvents }: ChannelKind): string {
  if (durability === 'ephemeral') return 'Not kept: who is here sees it, and nobody later.'
  const where = durability === 'durable' ? 'On disk' : 'In memory'
  const bounds = [
    maxAgeMs > 0 ? `for ${spanOf(maxAgeMs)}` : '',
    maxEvents > 0 ? `the newest ${count(maxEvents)}` : '',
  ]
  const said = bounds.filter((bound) => bound !== '').join(', ')
  return said === '' ? `${where}, without an end.` : `${where} ${said}.`
}

/** The same in two words. */
export const keepingWords = {
  durable: 'kept on disk',
  recent: 'kept in memory',
  ephemeral: 'not kept',
} as const

function count(number: number): string {
  return `${number.toLocaleString()} ${number === 1 ? 'message' : 'messages'}`
}

function spanOf(ms: number): string {
  const hours = ms / 3_600_000
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  if (hours >= 2) return `${Math.round(hours)} hours`
  return hours >= 1 ? 'an hour' : `${Math.max(1, Math.round(ms / 60_000))} min`
}
