import { Button } from '@mantine/core'
import { Choice, Icon } from '@parley/look'
import { usePresence } from '@parley/react'
import { useState } from 'react'
import { useDesk } from '../shell/desk.ts'
import styles from './account.module.css'
import type { PresenceSettingsState } from './use-presence-settings.ts'

const choices = [
  { value: 'online', label: 'Online' },
  { value: 'away', label: 'Away' },
  { value: 'busy', label: 'Busy' },
  { value: 'invisible', label: 'Invisible' },
] as const

type Chosen = (typeof choices)[number]['value']

interface AvailabilityProps extends PresenceSettingsState {
  readonly onLeave: (() => void) | undefined
}

/** How one appears to others, and one's own words about it. */
export function Availability({ settings, wanted, change, onLeave }: AvailabilityProps) {
  const { client, me, announcements, dialogs } = useDesk()
  const { status } = usePresence([me ?? '']).of(me ?? '')
  const [isClearing, setClearing] = useState(false)
  const said = [status?.emoji, status?.text].filter((part) => part !== undefined && part !== '').join(' ')
  const { invisible, availability = 'online' } = { ...settings, ...wanted }
  const chosen: Chosen = invisible === true ? 'invisible' : availability
  const choose = (value: Chosen) =>
    change(value === 'invisible' ? { invisible: true } : { invisible: false, availability: value })
  const clear = async () => {
    setClearing(true)
    await announcements.about(client.presence.clearStatus({}), { failed: 'The status is still there.' })
    setClearing(false)
  }
  return (
    <div className={styles.section}>
      <Choice label="Availability" options={choices} value={chosen} onChange={choose} />
      <div className={styles.status}>
        <Button
          className={styles.say}
          variant="default"
          justify="flex-start"
          fullWidth
          leftSection={<Icon name="smile" size={18} />}
          onClick={() => {
            onLeave?.()
            dialogs.show({ kind: 'status' })
          }}
        >
          {said === '' ? 'Set a status' : said}
        </Button>
        {said !== '' && (
          <Button variant="subtle" color="quiet" loading={isClearing} onClick={clear}>
            Clear
          </Button>
        )}
      </div>
    </div>
  )
}
