'use client'

import { createContext, type ReactNode, useContext, useMemo } from 'react'
import { englishTexts, type Texts } from './texts.ts'

/** What is shown of a user. */
export interface UserInfo {
  readonly name: string
  readonly avatarUrl?: string | undefined
}

/** What the components need to know of the application around them. */
export interface ChatUi {
  /** Of a user id, what is shown. Another function means that names have changed. */
  readonly user: (id: string) => UserInfo
  /** Languages for times and counts; default: the browser's. */
  readonly locale: string | undefined
  /** Where a file of a message can be read; without it attachments are names only. */
  readonly fileUrl: ((file: string, variant?: 'thumbnail') => string | Promise<string>) | undefined
  /** The words of the components. */
  readonly texts: Texts
}

export interface ChatUiProviderProps extends Partial<Omit<ChatUi, 'texts'>> {
  /** Words that differ from the English ones. */
  readonly texts?: Partial<Texts> | undefined
  readonly children?: ReactNode
}

const plainUser = (id: string): UserInfo => ({ name: id })
const ChatUiContext = createContext<ChatUi>({
  user: plainUser,
  locale: undefined,
  fileUrl: undefined,
  texts: englishTexts,
})

/** Tells the components below how users are called and where files are. */
export function ChatUiProvider(props: ChatUiProviderProps): ReactNode {
  const { user = plainUser, locale, fileUrl, texts, children } = props
  const value = useMemo(
    (): ChatUi => ({ user, locale, fileUrl, texts: { ...englishTexts, ...texts } }),
    [user, locale, fileUrl, texts],
  )
  return <ChatUiContext value={value}>{children}</ChatUiContext>
}

/** What the provider above says, or the defaults. */
export function useChatUi(): ChatUi {
  return useContext(ChatUiContext)
}
