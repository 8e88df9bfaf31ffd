import { usePresence, useRealtime } from '@parley/react'
import { useDesk } from '../shell/desk.ts'
import type { Shown } from './avatar.tsx'

/** How the reader is seen by others at the moment. */
export function useMyPresence(): Shown {
  const { me } = useDesk()
  const isLive = useRealtime().connectionStatus === 'connected'
  const presence = usePresence(me === undefined ? undefined : [me])
  if (!isLive || me === undefined) return 'unknown'
  return presence.of(me).availability
}
