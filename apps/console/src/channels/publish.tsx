import { Button, Textarea, TextInput } from '@mantine/core'
import { Sentence } from '@parley/look'
import { type FormEvent, useState } from 'react'
import { useAction } from '../data/use-answer.ts'
import styles from './channels.module.css'

/** Publishes an event, as a back end or a user would. */
export function Publish({ channel }: { readonly channel: string }) {
  const publish = useAction('channels.publish', ['channels.get', 'channels.history'])
  const [type, setType] = useState('message')
  const [text, setText] = useState('{ "text": "Hello" }')
  const data = parsed(text)
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (data !== undefined) publish.mutate({ channel, data: data.value, ...(type === '' ? {} : { type }) })
  }
  return (
    <form className={styles.form} onSubmit={send}>
      <TextInput
        label="Type"
        value={type}
        onChange={(event) => setType(event.currentTarget.value)}
        spellCheck={false}
        maxLength={64}
      />
      <Textarea
        label="Data"
        description="Any JSON value."
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={data === undefined ? 'This is not JSON.' : undefined}
        rows={5}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--font-mono)' } }}
      />
      <div className={styles.row}>
        <Button type="submit" loading={publish.isPending} disabled={data === undefined}>
          Publish
        </Button>
      </div>
      <p role="status">
        {publish.data && `It is at offset ${publish.data.offset}.`}
        {publish.error && <Sentence text={publish.error.message} />}
      </p>
    </form>
  )
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
