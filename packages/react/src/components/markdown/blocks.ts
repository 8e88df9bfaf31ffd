import { type Inline, InlineReader } from './inline.ts'

export type Block =
  | { readonly type: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly type: 'code'; readonly language: string; readonly text: string }
  | { readonly type: 'quote'; readonly children: readonly Block[] }
  | {
      readonly type: 'list'
      readonly start: number | undefined
      readonly items: readonly (readonly Block[])[]
    }

type IsMention = (user: string) => boolean

const maxDepth = 4
const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]{0,30})[^`]*$/
const quote = /^ {0,3}> ?/
const item = /^( {0,3})([-*+]|(\d{1,9})[.)]) +(?=\S)/

/** Reads the Markdown that messages may have: paragraphs, lists, quotes and code. */
export function readMarkdown(text: string, isMention: IsMention): readonly Block[] {
  return readBlocks(text.replace(/\r\n?/g, '\n').split('\n'), isMention, 0)
}

function readBlocks(lines: readonly string[], isMention: IsMention, depth: number): readonly Block[] {
  const blocks: Block[] = []
  let paragraph: string[] = []
  const endParagraph = (): void => {
    const text = paragraph.join('\n').trim()
    if (text !== '')
      blocks.push({ type: 'paragraph', children: new InlineReader(text, { isMention }).read() })
    paragraph = []
  }
  let at = 0
  while (at < lines.length) {
    const line = lines[at] as string
    const block = line.trim() === '' ? undefined : readBlock(lines, at, { isMention, depth })
    if (block === undefined) {
      if (line.trim() === '') endParagraph()
      else paragraph.push(line)
      at += 1
    } else {
      endParagraph()
      blocks.push(block.block)
      at = block.end
    }
  }
  endParagraph()
  return blocks
}

interface Found {
  readonly block: Block
  /** The line after it. */
  readonly end: number
}

interface Reading {
  readonly isMention: IsMention
  readonly depth: number
}

function readBlock(lines: readonly string[], at: number, reading: Reading): Found | undefined {
  const line = lines[at] as string
  if (fence.test(line)) return readCode(lines, at)
  if (reading.depth >= maxDepth) return undefined
  if (quote.test(line)) return readQuote(lines, at, reading)
  return item.test(line) ? readList(lines, at, reading) : undefined
}

function readCode(lines: readonly string[], at: number): Found {
  const [, mark = '```', language = ''] = fence.exec(lines[at] as string) ?? []
  const isEnd = (line: string): boolean => line.trim().startsWith(mark) && /^[`~]+$/.test(line.trim())
  let end = at + 1
  while (end < lines.length && !isEnd(lines[end] as string)) end += 1
  return { block: { type: 'code', language, text: lines.slice(at + 1, end).join('\n') }, end: end + 1 }
}

function readQuote(lines: readonly string[], at: number, { isMention, depth }: Reading): Found {
  let end = at
  while (end < lines.length && quote.test(lines[end] as string)) end += 1
  const inside = lines.slice(at, end).map((line) => line.replace(quote, ''))
  return { block: { type: 'quote', children: readBlocks(inside, isMention, depth + 1) }, end }
}

function readList(lines: readonly string[], at: number, { isMention, depth }: Reading): Found {
  const number = item.exec(lines[at] as string)?.[3]
  const items: string[][] = []
  let end = at
  let indent = 0
  for (; end < lines.length; end++) {
    const line = lines[end] as string
    const found = item.exec(line)
    if (
      found !== null &&
      (found[1] as string).length < Math.max(indent, 1) &&
      (found[3] === undefined) === (number === undefined)
    ) {
      indent = found[0].length
      items.push([line.slice(indent)])
    } else if (line.trim() !== '' && line.startsWith(' '.repeat(Math.min(indent, 2)))) {
      const inside = Math.min(indent, line.length - line.trimStart().length)
      items.at(-1)?.push(line.slice(inside))
    } else break
  }
  const start = number === undefined ? undefined : Number(number)
  return {
    block: { type: 'list', start, items: items.map((inside) => readBlocks(inside, isMention, depth + 1)) },
    end,
  }
}
