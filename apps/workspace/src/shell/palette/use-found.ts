import { useEffect, useState } from 'react'
import { goTo } from '../../address/use-place.ts'
import { plainOf } from '../../collections/message-card/plain.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../desk.ts'
import type { PaletteItem } from './items.ts'

const patienceMs = 250
const mostFound = 5

/** Messages with the words typed, and the way to all of them; nothing until the person pauses. */
export function useFound(typed: string): readonly PaletteItem[] {
  const { client } = useDesk()
  const nameOf = useNames()
  const [found, setFound] = useState<readonly PaletteItem[]>([])
  const text = typed.trim()

  useEffect(() => {
    setFound([])
    if (text.length < 2) return
    let isCurrent = true
    const timer = setTimeout(() => {
      client.chat.search({ text, limit: mostFound }).then(
        ({ messages }) => {
          if (!isCurrent) return
          setFound(
            messages.map(
              ({ channel, seq, author, text: words, thread }): PaletteItem => ({
                ...{
                  id: `message ${channel}/${seq}`,
                  group: 'Messages',
                  label: plainOf(words, 90),
                  user: author,
                },
                hint: nameOf(author),
                run: () =>
                  goTo({
                    ...{ page: 'conversation', channel, message: seq },
                    ...(thread === undefined ? {} : { thread }),
                  }),
              }),
            ),
          )
        },
        // The palette is good for the rest without it.
        () => undefined,
      )
    }, patienceMs)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [client, text, nameOf])

  if (text.length < 2) return found
  return [
    ...found,
    {
      ...{ id: 'all messages', group: 'Messages', label: `Search messages for “${text}”`, icon: 'search' },
      run: () => goTo({ page: 'search', query: { text } }),
    },
  ]
}
