'use client'

import { Fragment, memo, type ReactNode, useMemo } from 'react'
import { useChatUi } from '../chat-ui.tsx'
import { type Block, readMarkdown } from './blocks.ts'
import type { Inline } from './inline.ts'
import { inOneLine } from './plain.ts'

export interface MarkdownProps {
  readonly text: string
  /** User ids that are mentioned: `@id` is highlighted for these only. Default: every `@id`. */
  readonly mentions?: readonly string[] | undefined
  /** The reader: their own mention is marked more strongly. */
  readonly me?: string | undefined
  readonly onUser?: ((user: string) => void) | undefined
  /** All in one line, for previews. */
  readonly inline?: boolean | undefined
}

const everybody = new Set(['room', 'here'])

/** The Markdown of messages as React elements. HTML in it stays text; links lead to http, https and mailto only. */
export const Markdown = memo(function Markdown({
  text,
  mentions,
  me,
  onUser,
  inline = false,
}: MarkdownProps): ReactNode {
  const named = mentions?.join('\n')
  const blocks = useMemo(() => {
    const users = named === undefined ? undefined : new Set(named.split('\n'))
    return readMarkdown(text, (user) => users === undefined || users.has(user) || everybody.has(user))
  }, [text, named])
  const around = { me, onUser }
  if (inline) return <Inlines nodes={inOneLine(blocks)} {...around} />
  return inOrder(blocks, (block) => <BlockElement block={block} {...around} />)
})

interface Around {
  readonly me: string | undefined
  readonly onUser: ((user: string) => void) | undefined
}

function BlockElement({ block, ...around }: Around & { readonly block: Block }): ReactNode {
  switch (block.type) {
    case 'paragraph':
      return (
        <p dir="auto">
          <Inlines nodes={block.children} {...around} />
        </p>
      )
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are read by scrolling, also with the keyboard.
        <pre dir="ltr" tabIndex={0} data-language={block.language || undefined}>
          <code>{block.text}</code>
        </pre>
      )
    case 'quote':
      return (
        <blockquote>
          <Blocks blocks={block.children} {...around} />
        </blockquote>
      )
    case 'list': {
      const items = inOrder(block.items, (inside) => (
        <li dir="auto">
          <Blocks blocks={inside} {...around} />
        </li>
      ))
      return block.start === undefined ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>
    }
  }
}

function Blocks({ blocks, ...around }: Around & { readonly blocks: readonly Block[] }): ReactNode {
  return inOrder(blocks, (block) => <BlockElement block={block} {...around} />)
}

function Inlines({ nodes, ...around }: Around & { readonly nodes: readonly Inline[] }): ReactNode {
  return inOrder(nodes, (node) => <InlineElement node={node} {...around} />)
}

function InlineElement({ node, ...around }: Around & { readonly node: Inline }): ReactNode {
  switch (node.type) {
    case 'text':
      return node.text
    case 'code':
      return <code dir="ltr">{node.text}</code>
    case 'break':
      return <br />
    case 'strong':
      return (
        <strong>
          <Inlines nodes={node.children} {...around} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inlines nodes={node.children} {...around} />
        </em>
      )
    case 'strike':
      return (
        <s>
          <Inlines nodes={node.children} {...around} />
        </s>
      )
    case 'link':
      return (
        <a href={node.href} target="_blank" rel="noopener noreferrer nofollow">
          <Inlines nodes={node.children} {...around} />
        </a>
      )
    case 'mention':
      return <Mention user={node.user} {...around} />
  }
}

function Mention({ user, me, onUser }: Around & { readonly user: string }): ReactNode {
  const ui = useChatUi()
  const name = everybody.has(user) ? user : ui.user(user).name
  const isMe = user === me || everybody.has(user)
  const props = { className: 'parley-mention', 'data-me': isMe || undefined }
  if (onUser === undefined || everybody.has(user)) return <bdi {...props}>@{name}</bdi>
  return (
    <button type="button" {...props} onClick={() => onUser(user)}>
      <bdi>@{name}</bdi>
    </button>
  )
}

/** Parts of a text: what they are follows from the text, and their place is all that tells them apart. */
function inOrder<T>(parts: readonly T[], render: (part: T) => ReactNode): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: see above.
  return parts.map((part, index) => <Fragment key={index}>{render(part)}</Fragment>)
}
