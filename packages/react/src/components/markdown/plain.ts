import { type Block, readMarkdown } from './blocks.ts'
import type { Inline } from './inline.ts'

/** All words in one line. */
export function inOneLine(blocks: readonly Block[]): readonly Inline[] {
  return blocks.flatMap((block, index) => [
    ...(index === 0 ? [] : [{ type: 'text', text: ' ' } as const]),
    ...inlinesOf(block),
  ])
}

function inlinesOf(block: Block): readonly Inline[] {
  switch (block.type) {
    case 'paragraph':
      return block.children.map((node) => (node.type === 'break' ? { type: 'text', text: ' ' } : node))
    case 'code':
      return [{ type: 'code', text: block.text.replaceAll('\n', ' ') }]
    case 'quote':
      return inOneLine(block.children)
    case 'list':
      return block.items.flatMap((item, index) => [
        ...(index === 0 ? [] : [{ type: 'text', text: ' · ' } as const]),
        ...inOneLine(item),
      ])
  }
}

/** The words of a message without its Markdown, in one line, cut at a length. */
export function plainOf(text: string, longest: number): string {
  const words = inOneLine(readMarkdown(text.slice(0, longest * 4), () => false))
    .map(wordsOf)
    .join('')
    .trim()
  return words.length > longest ? `${words.slice(0, longest - 1).trimEnd()}…` : words
}

function wordsOf(node: Inline): string {
  if ('text' in node) return node.text
  return 'children' in node ? node.children.map(wordsOf).join('') : ''
}
