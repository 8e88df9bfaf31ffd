'use client'

import type { ParleyError } from '@parley/client'
import { useEffect, useMemo, useState } from 'react'
import { useClient } from '../provider.tsx'
import { useMessages } from './use-messages.ts'

export interface SeenBy {
  /** Who has read it; a part of them where there are many. */
  readonly users: readonly string[]
  readonly count: number
  readonly isLoading: boolean
  /** `chat.receipts_are_off`, for one. */
  readonly error: ParleyError | undefined
}

interface Answer {
  readonly seq: number
  readonly users: readonly string[]
  readonly count: number
  readonly error?: ParleyError
}

/** Who has read a message: asked of the server when it is mounted, followed live afterwards. */
export function useSeenBy(channel: string | undefined, seq: number | undefined): SeenBy {
  const client = useClient()
  const { seen } = useMessages(channel)
  const [answer, setAnswer] = useState<Answer>()
  useEffect(() => {
    if (channel === undefined || seq === undefined) return
    let isWanted = true
    const take = (found: Answer): void => {
      if (isWanted) setAnswer(found)
    }
    client.chat.seenBy({ channel, seq, limit: 100 }).then(
      ({ users, count }) => take({ seq, users: users.map(({ user }) => user), count }),
      (error: ParleyError) => take({ seq, users: [], count: 0, error }),
    )
    return () => {
      isWanted = false
    }
  }, [client, channel, seq])
  return useMemo(() => {
    const known = answer?.seq === seq ? answer : undefined
    const { users = [], count = 0, error } = known ?? {}
    const since = [...seen].filter(
      ([user, upTo]) => seq !== undefined && upTo >= seq && !users.includes(user),
    )
    return {
      users: [...users, ...since.map(([user]) => user)],
      // Of many, the server has named a part: who is told live may be among those counted already.
      count: Math.max(count, users.length + since.length),
      isLoading: known === undefined && seq !== undefined,
      error,
    }
  }, [answer, seen, seq])
}
