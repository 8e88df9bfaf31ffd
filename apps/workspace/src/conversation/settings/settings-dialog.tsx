import { Button, Modal, NativeSelect, Switch, Textarea, TextInput } from '@mantine/core'
import { Choice, Sentence } from '@parley/look'
import type { ConversationInfo } from '@parley/react'
import { type FormEvent, useState } from 'react'
import { useDesk } from '../../shell/desk.ts'
import styles from '../../shell/dialogs/dialog.module.css'

interface SettingsDialogProps {
  readonly conversation: ConversationInfo
  readonly onClose: () => void
}

const visibilities = [
  { value: 'public', label: 'Public', icon: 'room' },
  { value: 'private', label: 'Private', icon: 'lock' },
] as const

const slowness = [
  { value: '0', label: 'Off' },
  { value: '5', label: '5 s' },
  { value: '10', label: '10 s' },
  { value: '30', label: '30 s' },
  { value: '60', label: '1 min' },
  { value: '300', label: '5 min' },
  { value: '3600', label: '1 h' },
]

/** What those may change who manage a conversation. */
export function SettingsDialog({ conversation, onClose }: SettingsDialogProps) {
  const { channel, type } = conversation
  const { client, announcements } = useDesk()
  const [settings, setSettings] = useState(() => settingsOf(conversation))
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const change = (part: Partial<Settings>) => setSettings((before) => ({ ...before, ...part }))

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const { title, ...rest } = settings
    if (type === 'room' && title.trim() === '') return setProblem('Give the room a title.')
    setBusy(true)
    try {
      await client.chat.update({ channel, ...rest, ...(title.trim() === '' ? {} : { title }) })
      announcements.say('Settings saved.')
      onClose()
    } catch (error) {
      setProblem((error as Error).message)
      setBusy(false)
    }
  }

  return (
    <Modal opened onClose={onClose} title="Settings" size={480}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <Words settings={settings} onChange={change} />
        {type === 'room' && (
          <Choice
            label="Who may come in"
            options={visibilities}
            value={settings.visibility}
            onChange={(visibility) => change({ visibility })}
          />
        )}
        <Rules settings={settings} onChange={change} />
        {problem !== undefined && (
          <p className={styles.problem} role="alert">
            <Sentence text={problem} />
          </p>
        )}
        <Button type="submit" fullWidth loading={isBusy}>
          Save
        </Button>
      </form>
    </Modal>
  )
}

type Settings = ReturnType<typeof settingsOf>

interface PartProps {
  readonly settings: Settings
  readonly onChange: (part: Partial<Settings>) => void
}

function Words({ settings, onChange }: PartProps) {
  return (
    <>
      <TextInput
        data-autofocus
        label="Title"
        value={settings.title}
        onChange={(event) => onChange({ title: event.currentTarget.value })}
        maxLength={120}
        autoComplete="off"
      />
      <Textarea
        label="Topic"
        value={settings.topic}
        onChange={(event) => onChange({ topic: event.currentTarget.value })}
        maxLength={500}
        autosize
        minRows={2}
        maxRows={6}
      />
    </>
  )
}

function Rules({ settings, onChange }: PartProps) {
  const known = slowness.some(({ value }) => value === String(settings.slowSeconds))
  const offered = known
    ? slowness
    : [...slowness, { value: String(settings.slowSeconds), label: `${settings.slowSeconds} s` }]
  return (
    <>
      <Switch
        label="Locked"
        description="Only admins and owners write."
        checked={settings.locked}
        onChange={(event) => onChange({ locked: event.currentTarget.checked })}
      />
      <Switch
        label="Show who has read"
        description="Members see how far others have read, where those show it."
        checked={settings.receipts}
        onChange={(event) => onChange({ receipts: event.currentTarget.checked })}
      />
      <NativeSelect
        label="Slow mode"
        description="Least time between two messages of one member."
        data={offered}
        value={String(settings.slowSeconds)}
        onChange={(event) => onChange({ slowSeconds: Number(event.currentTarget.value) })}
      />
    </>
  )
}

function settingsOf({ title, topic, visibility, locked, receipts, slowSeconds }: ConversationInfo) {
  return { title, topic, visibility, locked, receipts, slowSeconds }
}
