'use client'

import type { ReactNode } from 'react'

export interface MarkdownProps {
  readonly text: string
  /** User ids that are mentioned: `@id` is highlighted for these only. Default: every `@id`. */
  readonly mentions?: readonly string[] | undefined
  /** The reader: their own mention is marked more strongly. */
  readonly me?: string | undefined
  readonly onUser?: ((user: string) => void) | undefined
  /** Paragraphs and lists, or one line without blocks. */
  readonly inline?: boolean | undefined
}

/** The Markdown of messages as React elements. HTML in it stays text; links lead to http, https and mailto only. */
export function Markdown(props: MarkdownProps): ReactNode {
  throw new Error(`not yet ${props}`)
}
