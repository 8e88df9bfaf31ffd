import { chatLimits } from '../../model.ts'

/** Whom the words of a message may mean; who of them is a member is for others to say. */
export interface MentionWords {
  /** For each `@…`, in order of appearance: the longest reading first. */
  readonly users: readonly (readonly string[])[]
  readonly all: 'room' | 'here' | undefined
}

const nobody: MentionWords = { users: [], all: undefined }

// What stands before the @ of an address is no place for a mention.
const mention = /(?<![\p{L}\p{M}\p{N}._~@+=:/-])@([\p{L}\p{N}_][\p{L}\p{M}\p{N}._~@+=:-]{0,127})/gu

/** The mentions in a text of Markdown: not in code, and not in e-mail addresses. */
export function mentionsIn(text: string): MentionWords {
  if (!text.includes('@')) return nobody
  const users = new Map<string, readonly string[]>()
  let all: MentionWords['all']
  for (const [, found] of proseOf(text).matchAll(mention)) {
    const name = found as string
    // A full stop or a colon belongs to the sentence, unless there is somebody who is called so.
    const short = name.replace(/[._~@+=:-]+$/, '')
    if (short === 'room') all = 'room'
    else if (short === 'here') all ??= 'here'
    else if (users.size < chatLimits.mentions) users.set(name, short === name ? [name] : [name, short])
  }
  return { users: [...users.values()], all }
}

/** A text of Markdown without its code. */
export function proseOf(text: string): string {
  return text.includes('`') || text.includes('~~~') ? withoutSpans(withoutBlocks(text)) : text
}

const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/

function withoutBlocks(text: string): string {
  const prose: string[] = []
  let open: string | undefined
  for (const line of text.split('\n')) {
    const [, marks, rest] = fence.exec(line) ?? []
    if (open !== undefined) {
      if (marks?.startsWith(open) && rest?.trim() === '') open = undefined
    } else if (marks !== undefined && !(marks.startsWith('`') && rest?.includes('`'))) open = marks
    else prose.push(line)
  }
  return prose.join('\n')
}

/** A span begins with some backticks and ends with as many; backticks that nothing ends are backticks. */
function withoutSpans(text: string): string {
  const runs = [...text.matchAll(/\\`|`+/g)].map(({ 0: { length }, index }) => ({
    length: text.charAt(index) === '\\' ? 0 : length,
    start: index,
    end: index + length,
  }))
  const following = nextOfLength(runs)
  let prose = ''
  let from = 0
  for (let index = 0; index < runs.length; index++) {
    const run = runs[index] as Run
    const close = run.length === 0 ? undefined : following[index]
    if (close === undefined) continue
    prose += `${text.slice(from, run.start)} `
    from = (runs[close] as Run).end
    index = close
  }
  return prose + text.slice(from)
}

interface Run {
  readonly length: number
  readonly start: number
  readonly end: number
}

/** For each run the next one of the same length. */
function nextOfLength(runs: readonly Run[]): readonly (number | undefined)[] {
  const next = new Map<number, number>()
  const following: (number | undefined)[] = new Array(runs.length)
  for (let index = runs.length - 1; index >= 0; index--) {
    const { length } = runs[index] as Run
    following[index] = next.get(length)
    next.set(length, index)
  }
  return following
}
