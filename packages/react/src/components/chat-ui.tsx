'use client'

import { createContext, type ReactNode, useContext } from 'react'

/** What is shown of a user. */
export interface UserInfo {
  readonly name: string
  readonly avatarUrl?: string | undefined
}

/** What the components need to know of the application around them. */
export interface ChatUi {
  /** Of a user id, what is shown. Default: the id as the name. */
  readonly user: (id: string) => UserInfo
  /** Languages for times and counts; default: the browser's. */
  readonly locale: string | undefined
  /** Where a file of a message can be read; without it attachments are names only. */
  readonly fileUrl: ((file: string, variant?: 'thumbnail') => string | Promise<string>) | undefined
}

export interface ChatUiProviderProps extends Partial<ChatUi> {
  readonly children?: ReactNode
}

const plain: ChatUi = { user: (id) => ({ name: id }), locale: undefined, fileUrl: undefined }
const ChatUiContext = createContext<ChatUi>(plain)

/** Tells the components below how users are called and where files are. */
export function ChatUiProvider(props: ChatUiProviderProps): ReactNode {
  throw new Error(`not yet ${props}`)
}

/** What the provider above says, or the defaults. */
export function useChatUi(): ChatUi {
  return useContext(ChatUiContext)
}
