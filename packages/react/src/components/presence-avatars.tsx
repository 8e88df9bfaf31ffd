'use client'

import type { ReactNode } from 'react'
import type { Presence } from '../presence/presence.ts'
import { usePresence } from '../presence/use-presence.ts'
import { Avatar } from './avatar.tsx'
import { useChatUi } from './chat-ui.tsx'
import { classNames } from './class-names.ts'

export interface PresenceAvatarsProps {
  /** Users, or a channel: those who are in it. */
  readonly whom: string | readonly string[]
  /** How many are shown; the others are a number. Default 5. */
  readonly max?: number | undefined
  /** In pixels; default 28. */
  readonly size?: number | undefined
  readonly onUser?: ((user: string) => void) | undefined
  readonly className?: string | undefined
}

/** Who is there, as a row of avatars with their names for screen readers. */
export function PresenceAvatars({
  whom,
  max = 5,
  size = 28,
  onUser,
  className,
}: PresenceAvatarsProps): ReactNode {
  const { people, count } = usePresence(whom)
  const { user: infoOf, texts, locale } = useChatUi()
  const shown = people.slice(0, max)
  const more = Math.max(people.length, typeof whom === 'string' ? count : 0) - shown.length
  const nameOf = (user: string): string => infoOf(user).name
  const names = new Intl.ListFormat(locale, { type: 'conjunction' }).format(
    shown.map(({ user }) => nameOf(user)),
  )
  const label = shown.length === 0 ? texts.nobody : texts.presence(names, more)
  return (
    <fieldset className={classNames('parley-presence', className)} aria-label={label}>
      {shown.map((presence) => (
        <Somebody key={presence.user} presence={presence} size={size} onUser={onUser} />
      ))}
      {more > 0 && (
        <span className="parley-more" aria-hidden="true">
          +{more}
        </span>
      )}
    </fieldset>
  )
}

interface SomebodyProps extends Pick<PresenceAvatarsProps, 'onUser'> {
  readonly presence: Presence
  readonly size: number
}

function Somebody({ presence, size, onUser }: SomebodyProps): ReactNode {
  const { user: infoOf, texts } = useChatUi()
  const { user, availability } = presence
  const title = `${infoOf(user).name}: ${texts.availability[availability]}`
  const avatar = <Avatar user={user} availability={availability} size={size} />
  if (onUser === undefined) return <span title={title}>{avatar}</span>
  return (
    <button type="button" title={title} aria-label={title} onClick={() => onUser(user)}>
      {avatar}
    </button>
  )
}
