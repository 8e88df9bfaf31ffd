import { NativeSelect, Switch } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useDesk } from '../shell/desk.ts'
import styles from './account.module.css'
import type { PresenceSettingsState } from './use-presence-settings.ts'

const viewers = [
  { value: 'everyone', label: 'Everyone' },
  { value: 'contacts', label: 'My contacts' },
]
const lastSeenViewers = [...viewers, { value: 'nobody', label: 'Nobody' }]

/** What others may know of the reader. */
export function Privacy({ settings, change }: PresenceSettingsState) {
  return (
    <details className={styles.fold}>
      <summary className={styles.summary}>Privacy</summary>
      <div className={styles.section}>
        <Receipts />
        <NativeSelect
          label="Who sees whether I am here"
          data={viewers}
          disabled={settings === undefined}
          value={settings?.visibility ?? 'everyone'}
          onChange={(event) => change({ visibility: event.currentTarget.value as 'everyone' | 'contacts' })}
        />
        <NativeSelect
          label="Who sees when I was last here"
          data={lastSeenViewers}
          disabled={settings === undefined}
          value={settings?.lastSeen ?? 'everyone'}
          onChange={(event) =>
            change({ lastSeen: event.currentTarget.value as 'everyone' | 'contacts' | 'nobody' })
          }
        />
        <Switch
          label="Keep a history of my availability"
          disabled={settings === undefined}
          checked={settings?.history ?? true}
          onChange={(event) => change({ history: event.currentTarget.checked })}
        />
      </div>
    </details>
  )
}

function Receipts() {
  const { client, announcements } = useDesk()
  const [receipts, setReceipts] = useState<boolean>()
  useEffect(() => {
    let isCurrent = true
    client.chat.settings({}).then(
      (answer) => isCurrent && setReceipts(answer.receipts),
      // The switch stays off-limits until it is known.
      () => undefined,
    )
    return () => {
      isCurrent = false
    }
  }, [client])
  const change = async (next: boolean) => {
    setReceipts(next)
    const isDone = await announcements.about(client.chat.setSettings({ receipts: next }), {
      failed: 'The change was not saved.',
    })
    if (!isDone) setReceipts(!next)
  }
  return (
    <Switch
      label="Read receipts"
      description="Others see what you have read, and you what they have."
      disabled={receipts === undefined}
      checked={receipts ?? true}
      onChange={(event) => void change(event.currentTarget.checked)}
    />
  )
}
