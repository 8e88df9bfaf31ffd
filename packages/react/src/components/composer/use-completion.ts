import { type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react'
import type { SlashCommand } from '../../chat/message.ts'
import { useMembers } from '../../chat/use-members.ts'
import { useClient } from '../../provider.tsx'
import { type UserInfo, useChatUi } from '../chat-ui.tsx'
import type { Texts } from '../texts.ts'
import { complete, ranked, type Suggestion, type Trigger, triggerAt } from './completion.ts'
import type { ComposerProps, Mentionable } from './composer.tsx'
import { commonEmoji } from './emoji.ts'

const maxShown = 8

export interface Completion {
  readonly id: string
  readonly suggestions: readonly Suggestion[]
  readonly selected: number
  readonly select: (index: number) => void
  readonly take: (suggestion: Suggestion) => void
  /** Returns whether the key was for the list. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean
  readonly close: () => void
}

export interface CompletionField {
  readonly text: string
  readonly caret: number
  readonly change: (text: string, caret: number) => void
}

export interface CompletionSources extends Pick<ComposerProps, 'channel' | 'mentionable' | 'emoji'> {
  readonly commands: readonly SlashCommand[]
}

/** Suggestions for what stands before the caret, and the keys that choose among them. */
export function useCompletion(
  sources: CompletionSources,
  { text, caret, change }: CompletionField,
): Completion {
  const id = useId()
  const trigger = useMemo(() => triggerAt(text, caret), [text, caret])
  const [closed, setClosed] = useState<number>()
  const [selected, setSelected] = useState({ query: '', index: 0 })
  const isOpen = trigger !== undefined && trigger.begin !== closed
  const suggestions = useSuggestions(sources, isOpen ? trigger : undefined)
  const query = trigger === undefined ? '' : `${trigger.type} ${trigger.query}`
  const index = selected.query === query ? Math.min(selected.index, Math.max(0, suggestions.length - 1)) : 0
  if (closed !== undefined && trigger?.begin !== closed) setClosed(undefined)

  const take = (suggestion: Suggestion): void => {
    if (trigger === undefined) return
    const done = complete(text, trigger, suggestion)
    change(done.text, done.caret)
  }
  const close = (): void => setClosed(trigger?.begin)
  const move = (by: number): void =>
    setSelected({ query, index: (index + by + suggestions.length) % suggestions.length })
  const onKeyDown = (event: KeyboardEvent): boolean => {
    const chosen = suggestions[index]
    if (chosen === undefined || event.nativeEvent.isComposing) return false
    switch (event.key) {
      case 'ArrowDown':
        move(1)
        break
      case 'ArrowUp':
        move(-1)
        break
      case 'Enter':
      case 'Tab':
        // What was written in full is not completed but sent.
        if (event.shiftKey || (event.key === 'Enter' && isWhole(trigger, chosen))) return false
        take(chosen)
        break
      case 'Escape':
        close()
        break
      default:
        return false
    }
    event.preventDefault()
    return true
  }
  return {
    id,
    suggestions,
    selected: index,
    select: (at) => setSelected({ query, index: at }),
    take,
    onKeyDown,
    close,
  }
}

/** What was written is what would be taken. */
function isWhole(trigger: Trigger | undefined, { insert }: Suggestion): boolean {
  return trigger !== undefined && trigger.query === insert.slice(1) && trigger.type !== 'emoji'
}

function useSuggestions(sources: CompletionSources, trigger: Trigger | undefined): readonly Suggestion[] {
  const { emoji = commonEmoji, commands } = sources
  const mentions = useMentions(sources, trigger?.type === 'mention' ? trigger.query : undefined)
  return useMemo(() => {
    switch (trigger?.type) {
      case 'mention':
        return mentions
      case 'emoji':
        return ranked(Object.entries(emoji), trigger.query, ([name]) => [name])
          .slice(0, maxShown)
          .map(([name, sign]) => ({ key: name, insert: sign, label: `${sign} ${name}` }))
      case 'command':
        return ranked(commands, trigger.query, ({ name }) => [name])
          .slice(0, maxShown)
          .map(({ name, summary }) => ({ key: name, insert: `/${name}`, label: `/${name}`, detail: summary }))
      default:
        return []
    }
  }, [trigger, mentions, emoji, commands])
}

/** People by what was written of their name: those of the conversation, or those that the application knows. */
function useMentions(sources: CompletionSources, query: string | undefined): readonly Suggestion[] {
  const { channel, mentionable } = sources
  const ui = useChatUi()
  const isOwn = mentionable === undefined
  const { members } = useMembers(query !== undefined && isOwn ? channel : undefined)
  const [found, setFound] = useState<readonly Mentionable[]>([])
  useEffect(() => {
    if (query === undefined || mentionable === undefined) return
    let isWanted = true
    Promise.resolve(mentionable(query)).then(
      (people) => {
        if (isWanted) setFound(people)
      },
      () => undefined,
    )
    return () => {
      isWanted = false
    }
  }, [mentionable, query])
  return useMemo(() => {
    if (query === undefined) return []
    const people = isOwn ? members : found
    const named = people.map(({ user, name }: Mentionable) => personOf(user, name, ui.user))
    const matching = isOwn ? ranked(named, query, ({ label, key }) => [label, key]) : named
    return [...matching, ...ranked(everybody(ui.texts), query, ({ key }) => [key])].slice(0, maxShown)
  }, [query, isOwn, members, found, ui])
}

function personOf(user: string, name: string | undefined, infoOf: (id: string) => UserInfo): Suggestion {
  const label = name ?? infoOf(user).name
  return { key: user, user, insert: `@${user}`, label, detail: label === user ? undefined : `@${user}` }
}

function everybody(texts: Texts): readonly Suggestion[] {
  return [
    { key: 'here', insert: '@here', label: '@here', detail: texts.everybodyHere },
    { key: 'room', insert: '@room', label: '@room', detail: texts.everybodyInRoom },
  ]
}

const noCommands: readonly SlashCommand[] = []

/** Slash commands: those that the application names, or those of the server, asked for when they are needed. */
export function useCommands(
  { channel, commands }: Pick<ComposerProps, 'channel' | 'commands'>,
  isWanted: boolean,
): readonly SlashCommand[] {
  const client = useClient()
  const [found, setFound] = useState<{
    readonly channel: string
    readonly commands: readonly SlashCommand[]
  }>()
  const isKnown = commands !== undefined || found?.channel === channel
  useEffect(() => {
    if (!isWanted || isKnown) return
    client.chat.commands({ channel }).then(
      (answer) => setFound({ channel, commands: answer.commands }),
      () => undefined,
    )
  }, [client, channel, isWanted, isKnown])
  return commands ?? (found?.channel === channel ? found.commands : noCommands)
}
