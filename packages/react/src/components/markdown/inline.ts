/** A run of text and what it is. */
export type Inline =
  | { readonly type: 'text' | 'code'; readonly text: string }
  | { readonly type: 'strong' | 'em' | 'strike'; readonly children: readonly Inline[] }
  | { readonly type: 'link'; readonly href: string; readonly children: readonly Inline[] }
  | { readonly type: 'mention'; readonly user: string }
  | { readonly type: 'break' }

export interface InlineOptions {
  readonly isMention: (user: string) => boolean
  /** The text of a link, in which there is no other. */
  readonly isLabel?: boolean
}

interface Open {
  readonly mark: string
  readonly children: Inline[]
}

const marks: Readonly<Record<string, 'strong' | 'em' | 'strike'>> = {
  '**': 'strong',
  __: 'strong',
  '*': 'em',
  _: 'em',
  '~~': 'strike',
}

const maxOpen = 8
const markAt = /\*\*|__|~~|[*_]/y
// Every part is bounded, or cannot be read in two ways: the time grows with the length and no faster.
const linkAt =
  /\[([^[\]\n]{1,500})\]\(((?:https?:\/\/|mailto:)[^\s()<>]{1,2000}(?:\([^\s()<>]{0,500}\)[^\s()<>]{0,500})?)\)/iy
const addressAt = /https?:\/\/[^\s<>"`]{1,2000}/iy
const mentionAt = /@([\p{L}\p{N}][\p{L}\p{N}\p{M}._~@+=:-]{0,127})/uy
const wordBefore = /[\p{L}\p{N}_]$/u
const escapable = /[\\`*_~[\]()@>#+.!|-]/
const plainAt = /[^\\`*_~[@h\n]+/y

/** Reads a text in one pass. What is not Markdown stays as it is; nothing of it is ever HTML. */
export class InlineReader {
  readonly #text: string
  readonly #options: InlineOptions
  #at = 0
  #plain = ''
  readonly #open: Open[] = [{ mark: '', children: [] }]
  /** Lengths of runs of backticks that nothing closes any more. */
  readonly #unclosed = new Set<number>()

  constructor(text: string, options: InlineOptions) {
    this.#text = text
    this.#options = options
  }

  read(): readonly Inline[] {
    while (this.#at < this.#text.length) this.#step()
    while (this.#open.length > 1) this.#giveUp()
    this.#flush()
    return this.#top.children
  }

  get #top(): Open {
    return this.#open.at(-1) as Open
  }

  #step(): void {
    const plain = this.#match(plainAt)
    if (plain !== undefined) return this.#take(plain[0])
    const sign = this.#text[this.#at] as string
    const isTaken =
      (sign === '\n' && this.#break()) ||
      (sign === '\\' && this.#escape()) ||
      (sign === '`' && this.#code()) ||
      (sign === '[' && this.#link()) ||
      (sign === '@' && this.#mention()) ||
      (sign === 'h' && this.#address()) ||
      this.#mark()
    if (!isTaken) this.#take(sign)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text) ?? undefined
  }

  #take(text: string): void {
    this.#plain += text
    this.#at += text.length
  }

  #add(node: Inline, length: number): true {
    this.#flush()
    this.#top.children.push(node)
    this.#at += length
    return true
  }

  #flush(): void {
    if (this.#plain !== '') this.#top.children.push({ type: 'text', text: this.#plain })
    this.#plain = ''
  }

  get #followsWord(): boolean {
    return wordBefore.test(this.#text.slice(Math.max(0, this.#at - 2), this.#at))
  }

  #break(): boolean {
    this.#plain = this.#plain.trimEnd()
    return this.#add({ type: 'break' }, 1)
  }

  #escape(): boolean {
    const next = this.#text[this.#at + 1]
    if (next === undefined || !escapable.test(next)) return false
    this.#at += 1
    this.#take(next)
    return true
  }

  #code(): boolean {
    let length = 1
    while (this.#text[this.#at + length] === '`') length += 1
    const fence = '`'.repeat(length)
    const begin = this.#at + length
    let end = this.#unclosed.has(length) ? -1 : this.#text.indexOf(fence, begin)
    while (end >= 0 && this.#text[end + length] === '`') {
      // A longer run closes nothing.
      let after = end
      while (this.#text[after] === '`') after += 1
      end = this.#text.indexOf(fence, after)
    }
    if (end < 0) {
      this.#unclosed.add(length)
      this.#take(fence)
      return true
    }
    const text = this.#text.slice(begin, end)
    const isPadded = text.startsWith(' ') && text.endsWith(' ') && text.trim() !== ''
    return this.#add({ type: 'code', text: isPadded ? text.slice(1, -1) : text }, end + length - this.#at)
  }

  #link(): boolean {
    const found = this.#options.isLabel === true ? undefined : this.#match(linkAt)
    const [whole = '', label = '', target = ''] = found ?? []
    const href = safeAddress(target)
    if (found === undefined || href === undefined) return false
    const children = new InlineReader(label, { isMention: () => false, isLabel: true }).read()
    return this.#add({ type: 'link', href, children }, whole.length)
  }

  #address(): boolean {
    if (this.#options.isLabel === true || this.#followsWord) return false
    const found = this.#match(addressAt)
    const text = found && trimmedAddress(found[0])
    const href = text && safeAddress(text)
    if (text === undefined || href === undefined) return false
    return this.#add({ type: 'link', href, children: [{ type: 'text', text }] }, text.length)
  }

  #mention(): boolean {
    if (this.#followsWord) return false
    let user = this.#match(mentionAt)?.[1]
    while (user !== undefined && !this.#options.isMention(user)) {
      // "@ada." and "@ada:" mean ada.
      const shorter: string = user.replace(/[._~@+=:-]+$/u, '')
      user = shorter === user ? undefined : shorter
    }
    return user === undefined ? false : this.#add({ type: 'mention', user }, user.length + 1)
  }

  #mark(): boolean {
    const longest = this.#match(markAt)?.[0]
    if (longest === undefined) return false
    // "***": what was opened last is closed first.
    const isRun = longest.length === 2 && this.#text[this.#at + 2] === longest[0]
    const mark = isRun && this.#top.mark === longest[0] ? this.#top.mark : longest
    const before = this.#text[this.#at - 1] ?? ' '
    const after = this.#text[this.#at + mark.length] ?? ' '
    const isInWord = mark.startsWith('_') && wordBefore.test(before) && wordBefore.test(after)
    const canClose = !/\s/.test(before) && this.#open.some((open) => open.mark === mark)
    if (canClose && !(mark.startsWith('_') && wordBefore.test(after))) return this.#close(mark)
    if (/\s/.test(after) || isInWord || this.#open.length >= maxOpen) {
      this.#take(mark)
      return true
    }
    this.#flush()
    this.#open.push({ mark, children: [] })
    this.#at += mark.length
    return true
  }

  #close(mark: string): true {
    while (this.#top.mark !== mark) this.#giveUp()
    this.#flush()
    const { children } = this.#open.pop() as Open
    this.#top.children.push({ type: marks[mark] ?? 'em', children })
    this.#at += mark.length
    return true
  }

  /** Nothing closes the last mark: it was text. */
  #giveUp(): void {
    this.#flush()
    const { mark, children } = this.#open.pop() as Open
    this.#top.children.push({ type: 'text', text: mark }, ...children)
  }
}

/** Signs at the end of an address belong to the sentence around it, but for a bracket that was opened in it. */
function trimmedAddress(text: string): string {
  let end = text.length
  for (; end > 0; end--) {
    const sign = text[end - 1] as string
    if (sign === ')') {
      const inside = text.slice(0, end)
      if (inside.split('(').length >= inside.split(')').length) break
    } else if (!/[.,:;!?'*_~\]}]/.test(sign)) break
  }
  return text.slice(0, end)
}

/** The address as it is to be followed; undefined for anything but http, https and mailto. */
export function safeAddress(text: string): string | undefined {
  try {
    const { protocol, href } = new URL(text)
    return /^(https?|mailto):$/.test(protocol) ? href : undefined
  } catch {
    return undefined
  }
}
