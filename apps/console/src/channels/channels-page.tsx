import { Button, TextInput } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Choice } from '@parley/look'
import { type FormEvent, useState } from 'react'
import { useAnswer } from '../data/use-answer.ts'
import { usePaging } from '../data/use-paging.ts'
import { useParameters } from '../data/use-parameters.ts'
import { amountWords, countWords } from '../data/words.ts'
import { Page } from '../page/page.tsx'
import { Listing } from '../table/listing.tsx'
import { Pager } from '../table/pager.tsx'
import { SearchField } from '../table/search-field.tsx'
import { type Column, Table } from '../table/table.tsx'
import { Tag } from '../table/tag.tsx'
import { ChannelPanel } from './channel-panel.tsx'
import styles from './channels.module.css'

type Open = OutputOfCommand<BuiltIn, 'operations.openChannels'>['channels'][number]
type Stored = OutputOfCommand<BuiltIn, 'channels.list'>['channels'][number]

const lists = [
  { value: 'open', label: 'Open now' },
  { value: 'stored', label: 'All with events' },
] as const

/** Channels: those that somebody listens to now, or all that hold events. */
export function ChannelsPage() {
  const [{ list = 'open', text, selected }, change] = useParameters()
  const isOpenList = list === 'open'
  return (
    <Page
      title="Channels"
      lead={
        isOpenList
          ? 'Channels that this node holds in memory, those with the most members first.'
          : 'Durable channels of your app that hold events, by name.'
      }
      action={<GoTo onGo={(channel) => change({ selected: channel })} />}
      filters={
        <>
          <Choice
            label="Which channels"
            isLabelHidden
            options={lists}
            value={list as 'open'}
            onChange={(value) => change({ list: value === 'open' ? undefined : value, text: undefined })}
          />
          <SearchField
            label={isOpenList ? 'Part of a name' : 'Beginning of a name'}
            value={text}
            onChange={(value) => change({ text: value })}
          />
        </>
      }
      panel={
        selected === undefined ? undefined : (
          <ChannelPanel key={selected} channel={selected} onClose={() => change({ selected: undefined })} />
        )
      }
    >
      {isOpenList ? (
        <OpenChannels text={text} selected={selected} onOpen={(channel) => change({ selected: channel })} />
      ) : (
        <StoredChannels text={text} selected={selected} onOpen={(channel) => change({ selected: channel })} />
      )}
    </Page>
  )
}

/** Opens a channel by its whole name, whether or not it is in the list. */
function GoTo({ onGo }: { readonly onGo: (channel: string) => void }) {
  const [name, setName] = useState('')
  const go = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') onGo(name.trim())
  }
  return (
    <form onSubmit={go} className={styles.goTo}>
      <TextInput
        aria-label="Name of a channel"
        placeholder="chat:general"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        spellCheck={false}
        maxLength={200}
        w={160}
      />
      <Button type="submit" variant="default">
        Open
      </Button>
    </form>
  )
}

interface ChannelListProps {
  readonly text: string | undefined
  readonly selected: string | undefined
  readonly onOpen: (channel: string) => void
}

const openColumns: readonly Column<Open>[] = [
  { label: 'Channel', cell: ({ channel }) => channel, isUnbroken: true },
  { label: 'App', cell: ({ app }) => app, isWide: true },
  { label: 'Members', cell: ({ members }) => countWords(members), isNumber: true },
  {
    label: 'Behind',
    cell: ({ behind }) => (behind === 0 ? '–' : <Tag tone="bad">{countWords(behind)}</Tag>),
    isNumber: true,
  },
  { label: 'Newest offset', cell: ({ head }) => countWords(head), isNumber: true },
  {
    label: 'State entries',
    cell: ({ stateEntries }) => countWords(stateEntries),
    isNumber: true,
    isWide: true,
  },
]

function OpenChannels({ text, selected, onOpen }: ChannelListProps) {
  const answer = useAnswer(
    'operations.openChannels',
    { limit: 200, ...(text === undefined ? {} : { text }) },
    { everyMs: 5_000 },
  )
  const channels = answer.data?.channels ?? []
  return (
    <Listing
      label="Channels"
      answer={answer}
      isEmpty={channels.length === 0}
      empty={{
        text:
          text === undefined
            ? 'Nobody listens to any channel on this node.'
            : `No channel that is open has “${text}” in its name.`,
      }}
    >
      <Table
        label="Open channels"
        rows={channels}
        columns={openColumns}
        keyOf={({ app, channel }) => `${app} ${channel}`}
        selected={selected === undefined ? undefined : `default ${selected}`}
        onOpen={({ channel }) => onOpen(channel)}
      />
      <p className={styles.words}>
        {amountWords(channels.length, 'channel')} shown
        {channels.length === 200 ? ': the largest. Search to see others.' : ''}
      </p>
    </Listing>
  )
}

const storedColumns: readonly Column<Stored>[] = [
  { label: 'Channel', cell: ({ channel }) => channel, isUnbroken: true },
  { label: 'Kept from offset', cell: ({ first }) => countWords(first), isNumber: true },
  { label: 'Newest offset', cell: ({ head }) => countWords(head), isNumber: true },
]

function StoredChannels({ text, selected, onOpen }: ChannelListProps) {
  const paging = usePaging<string>(text ?? '')
  const answer = useAnswer('channels.list', {
    limit: 50,
    ...(text === undefined ? {} : { prefix: text }),
    ...(paging.after === undefined ? {} : { after: paging.after }),
  })
  const { channels = [], next } = answer.data ?? {}
  return (
    <Listing
      label="Channels"
      answer={answer}
      isEmpty={channels.length === 0}
      empty={{
        text: text === undefined ? 'No durable channel holds an event.' : `No name begins with “${text}”.`,
      }}
    >
      <Table
        label="Channels with events"
        rows={channels}
        columns={storedColumns}
        keyOf={({ channel }) => channel}
        selected={selected}
        onOpen={({ channel }) => onOpen(channel)}
      />
      <Pager paging={paging} next={next} words={`${amountWords(channels.length, 'channel')} shown`} />
    </Listing>
  )
}
