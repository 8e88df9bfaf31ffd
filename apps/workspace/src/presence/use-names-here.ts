import { useMembers } from '@parley/react'
import { useEffect } from 'react'
import { useDesk } from '../shell/desk.ts'

interface Shown {
  readonly profile?: { readonly name?: unknown }
}

/** Remembers the members of a conversation, and learns how those are called who are there now. */
export function useNamesHere(channel: string): void {
  const { client, names } = useDesk()
  const { members } = useMembers(channel)

  useEffect(() => names.meet(members.map(({ user }) => user)), [names, members])

  useEffect(() => {
    const subscription = client.subscribe(channel, {
      silent: true,
      state: true,
      onState: ({ entries }) => {
        const people = [...entries.values()].flatMap(({ user, value }) => {
          const name = (value as Shown | null)?.profile?.name
          return user !== undefined && typeof name === 'string' && name.trim() !== ''
            ? [{ id: user, name }]
            : []
        })
        if (people.length > 0) names.learn(people)
      },
    })
    return () => subscription.unsubscribe()
  }, [client, names, channel])
}
