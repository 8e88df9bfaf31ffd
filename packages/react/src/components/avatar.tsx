'use client'

import type { ReactNode } from 'react'
import type { Availability } from '../presence/presence.ts'
import { useChatUi } from './chat-ui.tsx'

export interface AvatarProps {
  readonly user: string
  /** Shows how reachable the user is, by shape and colour. */
  readonly availability?: Availability | undefined
  /** In pixels; default 32. */
  readonly size?: number | undefined
}

const hues = 7

/** A picture or initials on a colour that follows from the user id; decoration beside a name. */
export function Avatar({ user, availability, size = 32 }: AvatarProps): ReactNode {
  const { name, avatarUrl } = useChatUi().user(user)
  return (
    <span
      className="parley-avatar"
      data-hue={hueOf(user)}
      style={{ inlineSize: size, blockSize: size, fontSize: size * 0.4 }}
      aria-hidden="true"
    >
      {avatarUrl === undefined ? initialsOf(name) : <img src={avatarUrl} alt="" loading="lazy" />}
      {availability !== undefined && (
        <span className="parley-availability" data-availability={availability} />
      )}
    </span>
  )
}

function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => word !== '')
  const [first = '?', last] = words.length > 1 ? [words[0], words.at(-1)] : words
  return [first, last]
    .map((word) => (word === undefined ? '' : (Array.from(word)[0] ?? '')))
    .join('')
    .toLocaleUpperCase()
}

/** The same for a user everywhere. */
function hueOf(user: string): number {
  let sum = 0
  for (const sign of user) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) % 65_521
  return sum % hues
}
