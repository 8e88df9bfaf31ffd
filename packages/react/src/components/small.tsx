'use client'

import type { ReactNode } from 'react'
import type { Availability } from '../presence/presence.ts'

export interface AvatarProps {
  readonly user: string
  /** Shows how reachable the user is. */
  readonly availability?: Availability | undefined
  readonly size?: number | undefined
}
/** A picture or initials on a colour that follows from the user id; decoration beside a name. */
export function Avatar(props: AvatarProps): ReactNode {
  throw new Error(`not yet ${props}`)
}

export interface PresenceAvatarsProps {
  /** Users, or a channel: those who are in it. */
  readonly whom: string | readonly string[]
  /** How many are shown; the others are a number. Default 5. */
  readonly max?: number | undefined
  readonly size?: number | undefined
  readonly onUser?: ((user: string) => void) | undefined
  readonly className?: string | undefined
}
/** Who is there, as a row of avatars with their names for screen readers. */
export function PresenceAvatars(props: PresenceAvatarsProps): ReactNode {
  throw new Error(`not yet ${props}`)
}

export interface TypingIndicatorProps {
  readonly channel: string
  readonly thread?: number | undefined
  readonly className?: string | undefined
}
/** "Ada is writing": keeps its line also while nobody does. */
export function TypingIndicator(props: TypingIndicatorProps): ReactNode {
  throw new Error(`not yet ${props}`)
}

export interface ConnectionStatusProps {
  /** Shown also while everything is well; default false. */
  readonly always?: boolean | undefined
  readonly className?: string | undefined
}
/** Says that the connection is down, and what becomes of what is written meanwhile. */
export function ConnectionStatus(props: ConnectionStatusProps): ReactNode {
  throw new Error(`not yet ${props}`)
}

export interface UnreadBadgeProps {
  /** Of one conversation; without it of everything. */
  readonly channel?: string | undefined
  readonly thread?: number | undefined
  /** Larger numbers are shown as `99+`. Default 99. */
  readonly max?: number | undefined
  readonly className?: string | undefined
}
/** How many messages wait; mentions stand out. Nothing when there are none. */
export function UnreadBadge(props: UnreadBadgeProps): ReactNode {
  throw new Error(`not yet ${props}`)
}
