import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { useDesk } from '../desk.ts'
import styles from './dialog.module.css'
import type { Question } from './dialogs.ts'

interface QuestionDialogProps {
  readonly question: Question
  readonly onClose: () => void
}

/** Asks before something that is hard to take back. */
export function QuestionDialog({ question, onClose }: QuestionDialogProps) {
  const { announcements } = useDesk()
  const [isBusy, setBusy] = useState(false)
  const { title, text, action, isDanger = false, run, failed } = question
  const act = async () => {
    setBusy(true)
    await announcements.about(run(), { failed })
    onClose()
  }
  return (
    <Modal opened onClose={onClose} title={title} size={420}>
      <p className={styles.text}>{text}</p>
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button {...(isDanger ? { color: 'danger' } : {})} loading={isBusy} onClick={act}>
          {action}
        </Button>
      </div>
    </Modal>
  )
}
