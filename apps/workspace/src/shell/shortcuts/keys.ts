/** What a key can do anywhere in the workspace. */
export type Command =
  | 'palette'
  | 'sheet'
  | 'next'
  | 'previous'
  | 'next-unread'
  | 'previous-unread'
  | 'next-region'
  | 'previous-region'
  | 'new'
  | 'search'
  | 'write'
  | 'close'
  | 'filter'
  | 'details'
  | 'members'
  | 'go-home'
  | 'go-mentions'
  | 'go-threads'
  | 'go-drafts'
  | 'go-scheduled'
  | 'go-people'
  | 'go-rooms'

export interface Shortcut {
  readonly command: Command
  /** As `KeyboardEvent.key` names it, after the modifiers: `Mod+k`; two keys, one after the other: `g m`. */
  readonly keys: string
  readonly label: string
  readonly group: 'Anywhere' | 'Conversations' | 'Single keys, outside of fields'
}

const single = 'Single keys, outside of fields'

/** Every shortcut of the workspace; the sheet shows them, the listener runs them. */
export const shortcuts: readonly Shortcut[] = [
  { command: 'palette', keys: 'Mod+k', label: 'Command palette', group: 'Anywhere' },
  { command: 'next-region', keys: 'F6', label: 'Next part of the page', group: 'Anywhere' },
  { command: 'previous-region', keys: 'Shift+F6', label: 'Part of the page before', group: 'Anywhere' },
  { command: 'close', keys: 'Escape', label: 'Close what stands beside', group: 'Conversations' },
  { command: 'next', keys: 'Alt+ArrowDown', label: 'Next conversation', group: 'Conversations' },
  { command: 'previous', keys: 'Alt+ArrowUp', label: 'Conversation before', group: 'Conversations' },
  {
    command: 'next-unread',
    keys: 'Alt+Shift+ArrowDown',
    label: 'Next unread conversation',
    group: 'Conversations',
  },
  {
    ...{ command: 'previous-unread', keys: 'Alt+Shift+ArrowUp' },
    ...{ label: 'Unread conversation before', group: 'Conversations' },
  },
  { command: 'sheet', keys: '?', label: 'This sheet', group: single },
  { command: 'search', keys: '/', label: 'Search messages', group: single },
  { command: 'new', keys: 'n', label: 'New conversation', group: single },
  { command: 'write', keys: 'c', label: 'Write a message', group: single },
  { command: 'filter', keys: 'f', label: 'Filter conversations', group: single },
  { command: 'details', keys: 'i', label: 'Details of the conversation', group: single },
  { command: 'members', keys: 'm', label: 'Members of the conversation', group: single },
  { command: 'go-home', keys: 'g h', label: 'Go to what waits', group: single },
  { command: 'go-mentions', keys: 'g m', label: 'Go to mentions', group: single },
  { command: 'go-threads', keys: 'g t', label: 'Go to threads', group: single },
  { command: 'go-drafts', keys: 'g d', label: 'Go to drafts', group: single },
  { command: 'go-scheduled', keys: 'g s', label: 'Go to scheduled messages', group: single },
  { command: 'go-people', keys: 'g p', label: 'Go to people', group: single },
  { command: 'go-rooms', keys: 'g r', label: 'Go to rooms', group: single },
]

export interface Pressed {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
}

/** The pressed keys in the spelling of `Shortcut.keys`. */
export function spellingOf({ key, ctrlKey, metaKey, altKey, shiftKey }: Pressed): string {
  const isLetter = key.length === 1
  return [
    ctrlKey || metaKey ? 'Mod' : '',
    altKey ? 'Alt' : '',
    // `?` says by itself that Shift was held.
    shiftKey && !isLetter ? 'Shift' : '',
    isLetter ? key.toLowerCase() : key,
  ]
    .filter((part) => part !== '')
    .join('+')
}

/** How long the second key of two may take. */
export const patienceMs = 1_200

/** Follows the keys pressed, also two after each other. */
export function keyReader(): (spelling: string, at: number) => Command | 'begun' | undefined {
  let before: { readonly spelling: string; readonly at: number } | undefined
  return (spelling, at) => {
    const sequence =
      before !== undefined && at - before.at <= patienceMs ? `${before.spelling} ${spelling}` : undefined
    before = undefined
    const find = (keys: string | undefined) => shortcuts.find((shortcut) => shortcut.keys === keys)?.command
    const command = find(sequence) ?? find(spelling)
    if (command !== undefined) return command
    if (!shortcuts.some(({ keys }) => keys.startsWith(`${spelling} `))) return undefined
    before = { spelling, at }
    return 'begun'
  }
}

/** Keys that mean something to a field are left to it. */
export function isSingle({ keys }: Pick<Shortcut, 'keys'>): boolean {
  return !keys.includes('+') && !/^(F\d|Escape$)/.test(keys)
}
