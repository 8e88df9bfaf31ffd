import { Button, Modal, NativeSelect, TextInput, UnstyledButton } from '@mantine/core'
import { Sentence } from '@parley/look'
import { usePresence } from '@parley/react'
import { type FormEvent, useState } from 'react'
import { useDesk } from '../shell/desk.ts'
import styles from '../shell/dialogs/dialog.module.css'
import own from './status-dialog.module.css'
import { endings, untilOf, usualStatuses } from './statuses.ts'

/** Sets a status: an emoji, a line of text, and when it ends by itself. */
export function StatusDialog({ onClose }: { readonly onClose: () => void }) {
  const { client, me } = useDesk()
  const { status } = usePresence([me ?? '']).of(me ?? '')
  const [emoji, setEmoji] = useState(status?.emoji ?? '💬')
  const [text, setText] = useState(status?.text ?? '')
  const [ending, setEnding] = useState('hour')
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() === '' && emoji.trim() === '') return setProblem('Write a line, or choose an emoji.')
    setBusy(true)
    const until = untilOf(ending, Date.now())
    try {
      await client.presence.setStatus({
        ...(emoji.trim() === '' ? {} : { emoji: emoji.trim() }),
        ...(text.trim() === '' ? {} : { text: text.trim() }),
        ...(until === undefined ? {} : { until }),
      })
      onClose()
    } catch (error) {
      setProblem((error as Error).message)
      setBusy(false)
    }
  }

  return (
    <Modal opened onClose={onClose} title="Status" size={420}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <div className={own.line}>
          <TextInput
            className={own.emoji}
            label="Emoji"
            value={emoji}
            onChange={(event) => setEmoji(event.currentTarget.value)}
            maxLength={32}
            autoComplete="off"
          />
          <TextInput
            data-autofocus
            className={own.text}
            label="What you are doing"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            maxLength={100}
            autoComplete="off"
            dir="auto"
          />
        </div>
        <div className={own.usual}>
          {usualStatuses.map((one) => (
            <UnstyledButton
              key={one.text}
              className={own.choice}
              onClick={() => {
                setEmoji(one.emoji)
                setText(one.text)
                setEnding(one.ending)
              }}
            >
              <span aria-hidden="true">{one.emoji}</span> {one.text}
            </UnstyledButton>
          ))}
        </div>
        <NativeSelect
          label="Until"
          data={[...endings]}
          value={ending}
          onChange={(event) => setEnding(event.currentTarget.value)}
        />
        {problem !== undefined && (
          <p className={styles.problem} role="alert">
            <Sentence text={problem} />
          </p>
        )}
        <Button type="submit" fullWidth loading={isBusy}>
          Set status
        </Button>
      </form>
    </Modal>
  )
}
