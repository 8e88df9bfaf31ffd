import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useCallback, useEffect, useState } from 'react'
import { useDesk } from '../shell/desk.ts'

type PresenceSettings = OutputOfCommand<BuiltIn, 'presence.settings'>

export interface PresenceSettingsState {
  /** Undefined until the server has said. */
  readonly settings: PresenceSettings | undefined
  /** What was changed and the server has not answered yet; there before the settings are, where somebody is quick. */
  readonly wanted: Partial<PresenceSettings>
  readonly change: (part: Partial<PresenceSettings>) => void
}

/** How one appears, and to whom. A change is shown at once, and taken back when the server refuses it. */
export function usePresenceSettings(): PresenceSettingsState {
  const { client, announcements } = useDesk()
  const [known, setSettings] = useState<PresenceSettings>()
  const [wanted, setWanted] = useState<Partial<PresenceSettings>>({})

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
      setWanted((before) => ({ ...before, ...part }))
      client.presence
        .setSettings(part)
        .then(setSettings, (error: unknown) => {
          announcements.fail('The change was not saved.', error)
          return client.presence.settings({}).then(setSettings, () => undefined)
        })
        .finally(() => setWanted((before) => without(before, part)))
    },
    [client, announcements],
  )
  return { settings: known && { ...known, ...wanted }, wanted, change }
}

/** Less what has been answered; what was changed again meanwhile stays. */
function without(
  wanted: Partial<PresenceSettings>,
  part: Partial<PresenceSettings>,
): Partial<PresenceSettings> {
  const answered = new Map<string, unknown>(Object.entries(part))
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => answered.get(name) !== value))
}
