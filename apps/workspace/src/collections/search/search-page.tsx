import { Button, TextInput } from '@mantine/core'
import { Empty, Icon, PagedList, usePages } from '@parley/look'
import type { Message } from '@parley/react'
import { useEffect, useRef, useState } from 'react'
import { goTo, replaceWith } from '../../address/use-place.ts'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import { MessageCard } from '../message-card/message-card.tsx'
import { inputOf, isBlank, queryIn, type SearchQuery, startOf } from './query.ts'
import { SearchFilters } from './search-filters.tsx'
import styles from './search-page.module.css'

interface Found {
  readonly message: Message
  readonly words: readonly string[]
}

const patienceMs = 250

/** Looks for messages in what the reader may read. The address holds the query, so that it can be kept and sent on. */
export function SearchPage({ query: address }: { readonly query: Readonly<Record<string, string>> }) {
  const query = queryIn(address)
  const set = (part: Partial<SearchQuery>) => replaceWith({ page: 'search', query: { ...address, ...part } })
  return (
    <Page
      title="Search"
      filters={
        <>
          <SearchField text={query.text} onText={(text) => set({ text })} />
          <SearchFilters query={query} onChange={set} />
        </>
      }
    >
      {query.channel !== '' && <DateJump channel={query.channel} />}
      {isBlank(query) ? (
        <Empty text="Write a word to look for, or narrow the search. “Two words” in quotation marks stand side by side." />
      ) : (
        <Results query={query} />
      )}
    </Page>
  )
}

function SearchField({ text, onText }: { readonly text: string; readonly onText: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  const field = useRef<HTMLInputElement>(null)
  // The address may change by itself, as by going back.
  const [known, setKnown] = useState(text)
  if (known !== text) {
    setKnown(text)
    setTyped(text)
  }
  useEffect(() => field.current?.focus(), [])
  const latest = useRef(onText)
  latest.current = onText
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => latest.current(typed), patienceMs)
    return () => clearTimeout(timer)
  }, [typed, text])
  return (
    <TextInput
      ref={field}
      className={styles.field}
      size="md"
      type="search"
      aria-label="Search messages"
      placeholder="Search messages"
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      leftSection={<Icon name="search" size={18} />}
      maxLength={200}
      dir="auto"
    />
  )
}

function Results({ query }: { readonly query: SearchQuery }) {
  const { client } = useDesk()
  const input = inputOf(query)
  const pages = usePages<Found>(JSON.stringify(input), async (after) => {
    const { messages, words, next } = await client.chat.search({
      ...input,
      ...(after === undefined ? {} : { after }),
    })
    return { items: messages.map((message) => ({ message, words })), next }
  })
  return (
    <PagedList
      pages={pages}
      label="Messages found"
      shape="messages"
      keyOf={({ message: { channel, seq } }) => `${channel}/${seq}`}
      empty={<Empty text="Nothing was found. Words are matched whole; try another one, or fewer." />}
    >
      {({ message, words }) => (
        <MessageCard message={message} found={words} isCompact={query.channel !== ''} />
      )}
    </PagedList>
  )
}

/** Goes to what was said on a day. */
function DateJump({ channel }: { readonly channel: string }) {
  const { client, announcements } = useDesk()
  const [day, setDay] = useState('')
  const at = startOf(day)
  const jump = async () => {
    if (at === undefined) return
    try {
      const { messages } = await client.chat.history({ channel, at, limit: 20 })
      const first = messages.find((message) => message.at >= at) ?? messages.at(-1)
      if (first === undefined) announcements.say('Nothing was said here by then.')
      else goTo({ page: 'conversation', channel, message: first.seq })
    } catch (error) {
      announcements.fail('The day could not be looked up.', error)
    }
  }
  return (
    <form
      className={styles.jump}
      onSubmit={(event) => {
        event.preventDefault()
        void jump()
      }}
    >
      <TextInput
        type="date"
        label="Go to a day in this conversation"
        value={day}
        onChange={(event) => setDay(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={at === undefined}>
        Go
      </Button>
    </form>
  )
}
