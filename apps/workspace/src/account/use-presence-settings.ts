import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useCallback, useEffect, useState } from 'react'
import { useDesk } from '../shell/desk.ts'

type PresenceSettings = OutputOfCommand<BuiltIn, 'presence.settings'>

export interface PresenceSettingsState {
  /** Undefined until the server has said. */
  readonly settings: PresenceSettings | undefined
  readonly change: (part: Partial<PresenceSettings>) => void
}

/** How one appears, and to whom. A change is shown at once, and taken back when the server refuses it. */
export function usePresenceSettings(): PresenceSettingsState {
  const { client, announcements } = useDesk()
  const [settings, setSettings] = useState<PresenceSettings>()

  useEffect(() => {
    let isCurrent = true
    client.presence.settings({}).then(
      (answer) => isCurrent && setSettings(answer),
      // The switches stay off-limits until they are known.
      () => undefined,
    )
    return () => {
      isCurrent = false
    }
  }, [client])

  const change = useCallback(
    (part: Partial<PresenceSettings>) => {
      setSettings((before) => before && { ...before, ...part })
      client.presence.setSettings(part).then(setSettings, (error: unknown) => {
        announcements.fail('The change was not saved.', error)
        client.presence.settings({}).then(setSettings, () => undefined)
      })
    },
    [client, announcements],
  )
  return { settings, change }
}
