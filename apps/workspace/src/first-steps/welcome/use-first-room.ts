import { useConversations } from '@parley/react'
import { useEffect } from 'react'
import { replaceWith } from '../../address/use-place.ts'
import { useDesk } from '../../shell/desk.ts'

const key = 'parley.first-room'

/** Whoever is here for the first time, and is in one conversation already, finds it open. Once. */
export function useFirstRoom(): void {
  const { device } = useDesk()
  const { conversations, status } = useConversations()
  const channel = status === 'ready' && conversations.length === 1 ? conversations[0]?.channel : undefined
  useEffect(() => {
    // Who has come by an address has chosen.
    if (channel === undefined || location.hash !== '' || device.read(key) === true) return
    device.write(key, true)
    replaceWith({ page: 'conversation', channel })
  }, [channel, device])
}
