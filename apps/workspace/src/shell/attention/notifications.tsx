import { Switch } from '@mantine/core'
import { useState } from 'react'
import { useDesk } from '../desk.ts'
import { type NotificationState, notificationState, switchNotifications } from './notification-choice.ts'

const words: Readonly<Record<NotificationState, string>> = {
  unsupported: 'This browser has none.',
  refused: 'The browser refuses them for this site. Allow them in its settings.',
  off: 'While the page is out of sight. The browser asks you first.',
  on: 'While the page is out of sight, by what each conversation is set to. Silent.',
}

/** The switch for notifications. */
export function Notifications() {
  const { device } = useDesk()
  const [state, setState] = useState(() => notificationState(device))
  return (
    <Switch
      label="Notifications"
      description={words[state]}
      disabled={state === 'unsupported' || state === 'refused'}
      checked={state === 'on'}
      onChange={(event) => void switchNotifications(device, event.currentTarget.checked).then(setState)}
    />
  )
}
