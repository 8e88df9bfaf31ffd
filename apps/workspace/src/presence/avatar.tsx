import type { CSSProperties } from 'react'
import styles from './avatar.module.css'
import { hueOf, initialsOf } from './portrait.ts'

interface AvatarProps {
  /** Decides the hue. */
  readonly id: string
  /** Decides the letters. */
  readonly name: string
  readonly size?: 24 | 32
  /** Availability, shown beside it by shape and colour. */
  readonly presence?: 'online' | 'unknown' | undefined
}

/** Letters on a hue, for a person whose name stands beside it. */
export function Avatar({ id, name, size = 32, presence }: AvatarProps) {
  const hue = hueOf(id)
  const colours = { '--hue': `var(--hue-${hue})`, '--hue-text': `var(--hue-${hue}-text)` } as CSSProperties
  return (
    <span className={styles.avatar} data-size={size} style={colours} aria-hidden="true">
      {initialsOf(name)}
      {presence && <span className={styles.presence} data-presence={presence} />}
    </span>
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
