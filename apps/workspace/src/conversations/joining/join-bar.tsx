import { Button } from '@mantine/core'
import type { ConversationInfo } from '@parley/react'
import { useState } from 'react'
import { useDesk } from '../../shell/desk.ts'
import styles from './join-bar.module.css'

/** Instead of the composer for somebody who is not in the room: read first, then join. */
export function JoinBar({ conversation }: { readonly conversation: ConversationInfo }) {
  const { client, announcements } = useDesk()
  const [isBusy, setBusy] = useState(false)
  const { channel, title } = conversation
  const join = async () => {
    setBusy(true)
    await announcements.about(client.chat.join({ channel }), { failed: `You did not join “${title}”.` })
    setBusy(false)
  }
  return (
    <div className={styles.bar}>
      <p className={styles.text}>
        You are reading a public room. Join it to write and to be told of what is new.
      </p>
      <Button loading={isBusy} onClick={join}>
        Join
      </Button>
    </div>
  )
}
