import type { CSSProperties } from 'react'
import styles from './avatar.module.css'
import { hueOf, initialsOf } from './portrait.ts'

/** `unknown` while the connection is away. */
export type Shown = 'online' | 'away' | 'busy' | 'offline' | 'unknown'

interface AvatarProps {
  /** Decides the hue. */
  readonly id: string
  /** Decides the letters. */
  readonly name: string
  readonly size?: 20 | 24 | 32 | 40
  /** Availability, shown by shape and colour. */
  readonly presence?: Shown | undefined
}

/** Letters on a hue, for a person whose name stands beside it. */
export function Avatar({ id, name, size = 32, presence }: AvatarProps) {
  const hue = hueOf(id)
  const colours = { '--hue': `var(--hue-${hue})`, '--hue-text': `var(--hue-${hue}-text)` } as CSSProperties
  return (
    <span className={styles.avatar} data-size={size} style={colours} aria-hidden="true">
      {initialsOf(name)}
      {presence && (
        <span className={styles.place}>
          <PresenceMark presence={presence} size={size < 32 ? 8 : 10} />
        </span>
      )}
    </span>
  )
}

const words: Readonly<Record<Shown, string>> = {
  online: 'Online',
  away: 'Away',
  busy: 'Do not disturb',
  offline: 'Offline',
  unknown: 'Not known at the moment',
}

/** Availability in words. */
export function wordsOf(presence: Shown): string {
  return words[presence]
}

interface PresenceMarkProps {
  readonly presence: Shown
  readonly size?: 8 | 10
  /** Say it where no text does. */
  readonly isLabelled?: boolean
}

/** Availability as a shape: filled, half, line, ring. */
export function PresenceMark({ presence, size = 10, isLabelled = false }: PresenceMarkProps) {
  const label = isLabelled ? words[presence] : undefined
  return (
    <svg
      className={styles.mark}
      data-presence={presence}
      viewBox="0 0 12 12"
      width={size}
      height={size}
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined}
    >
      <circle cx="6" cy="6" r="4.6" className={styles.disc} />
      {presence === 'away' && <path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" className={styles.half} />}
      {presence === 'busy' && <path d="M3.6 6h4.8" className={styles.line} />}
    </svg>
  )
}

/** For what a back end has published: nobody's letters. */
export function BackEndAvatar() {
  return (
    <span className={styles.avatar} data-size={32} data-backend="true" aria-hidden="true">
      {'{ }'}
    </span>
  )
}
