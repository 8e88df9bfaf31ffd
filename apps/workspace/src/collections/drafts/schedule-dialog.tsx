import { Button, Modal, Textarea, TextInput } from '@mantine/core'
import { momentWords, Sentence } from '@parley/look'
import { type FormEvent, useState } from 'react'
import { useDesk } from '../../shell/desk.ts'
import styles from '../../shell/dialogs/dialog.module.css'
import type { Scheduling } from '../../shell/dialogs/dialogs.ts'
import { localText, momentIn, usualTimes } from './due.ts'

interface ScheduleDialogProps {
  readonly scheduling: Scheduling
  readonly onClose: () => void
}

/** Asks when a message is to be sent; of one that waits already, also for its words. */
export function ScheduleDialog({ scheduling, onClose }: ScheduleDialogProps) {
  const { client, announcements } = useDesk()
  const { id, channel, thread, onDone } = scheduling
  const [text, setText] = useState(scheduling.text)
  const [usual] = useState(() => usualTimes(Date.now()))
  const [typed, setTyped] = useState(() => localText(scheduling.dueAt ?? usual[0]?.at ?? Date.now()))
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const dueAt = momentIn(typed)
    if (dueAt === undefined) return setProblem('Give a day and a time.')
    setBusy(true)
    try {
      const place = { channel, ...(thread === undefined ? {} : { thread }) }
      if (id === undefined) await client.chat.schedule({ ...place, text, dueAt })
      else await client.chat.reschedule({ id, dueAt, text })
      announcements.say(`The message is sent ${momentWords(dueAt, Date.now())}.`)
      onDone?.()
      onClose()
    } catch (error) {
      setProblem((error as Error).message)
      setBusy(false)
    }
  }

  return (
    <Modal opened onClose={onClose} title={id === undefined ? 'Send later' : 'Scheduled message'} size={420}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {id !== undefined && (
          <Textarea
            label="Message"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autosize
            minRows={2}
            maxRows={8}
            dir="auto"
          />
        )}
        <TextInput
          data-autofocus
          type="datetime-local"
          label="When"
          value={typed}
          min={localText(Date.now())}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={problem === undefined ? undefined : <Sentence text={problem} />}
        />
        <div className={styles.columns}>
          {usual.map(({ label, at }) => (
            <Button key={label} variant="default" size="compact-md" onClick={() => setTyped(localText(at))}>
              {label}
            </Button>
          ))}
        </div>
        <Button type="submit" fullWidth loading={isBusy}>
          {id === undefined ? 'Schedule' : 'Save'}
        </Button>
      </form>
    </Modal>
  )
}
