import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import type { ParleyError } from '@parley/client'
import { Sentence } from '@parley/look'
import { useClient } from '@parley/react'
import { type FormEvent, useMemo, useState } from 'react'
import { durationWords } from '../data/words.ts'
import { Part } from '../page/facts.tsx'
import { Json } from '../page/json.tsx'
import { type Field, fieldsOf, inputOf, textsOf } from './fields.ts'
import styles from './modules.module.css'
import type { Command } from './modules-page.tsx'

interface Outcome {
  readonly answer?: unknown
  readonly error?: ParleyError
  readonly ms: number
}

/** Runs a command as the operator, by a form that follows from its contract. */
export function TryIt({ command }: { readonly command: Command }) {
  const client = useClient()
  const fields = useMemo(() => fieldsOf(command.input), [command])
  const [texts, setTexts] = useState(() => textsOf(fields, command.example))
  const [wrong, setWrong] = useState<{ readonly field: string; readonly problem: string }>()
  const [outcome, setOutcome] = useState<Outcome>()
  const [isRunning, setRunning] = useState(false)

  const run = async (event: FormEvent) => {
    event.preventDefault()
    const made = inputOf(fields, texts)
    setWrong('problem' in made ? made : undefined)
    if ('problem' in made) return
    setRunning(true)
    const begun = performance.now()
    const ended = await client.call<string>(command.name, made.input as never).then(
      (answer) => ({ answer: answer as unknown }),
      (error: ParleyError) => ({ error }),
    )
    setOutcome({ ...ended, ms: performance.now() - begun })
    setRunning(false)
  }

  return (
    <Part title="Try it">
      <form className={styles.form} onSubmit={(event) => void run(event)} noValidate>
        {fields.length === 0 && <p className={styles.quiet}>It takes no input.</p>}
        {fields.map((field) => (
          <FieldInput
            key={field.name}
            field={field}
            text={texts[field.name] ?? ''}
            problem={wrong?.field === field.name ? wrong.problem : undefined}
            onChange={(text) => setTexts({ ...texts, [field.name]: text })}
          />
        ))}
        <div className={styles.run}>
          <Button type="submit" loading={isRunning}>
            Run
          </Button>
          {!command.readOnly && <span className={styles.quiet}>This changes things on the server.</span>}
        </div>
      </form>
      <div role="status" className={styles.form}>
        {outcome?.error !== undefined && (
          <>
            <p className={styles.problem}>
              <code>{outcome.error.code}</code> <Sentence text={outcome.error.message} />
            </p>
            {outcome.error.details !== undefined && (
              <Json label="Details of the error" value={outcome.error.details} />
            )}
          </>
        )}
        {outcome !== undefined && outcome.error === undefined && (
          <>
            <p>Answered in {durationWords(outcome.ms)}.</p>
            <Json label="Answer" value={outcome.answer} />
          </>
        )}
      </div>
    </Part>
  )
}

interface FieldInputProps {
  readonly field: Field
  readonly text: string
  readonly problem: string | undefined
  readonly onChange: (text: string) => void
}

function FieldInput({ field, text, problem, onChange }: FieldInputProps) {
  const { name, kind, isRequired, description, options } = field
  const shared = {
    label: name,
    description,
    error: problem,
    withAsterisk: isRequired,
    value: text,
    spellCheck: false,
  }
  if (kind === 'choice' || kind === 'switch') {
    const data = ['', ...(kind === 'switch' ? ['true', 'false'] : options)]
    return (
      <NativeSelect
        {...shared}
        data={data.map((value) => ({ value, label: value === '' ? '(left out)' : value }))}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  if (kind === 'json')
    return (
      <Textarea
        {...shared}
        rows={Math.min(8, Math.max(2, text.split('\n').length))}
        classNames={{ input: styles.code }}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  return (
    <TextInput
      {...shared}
      inputMode={kind === 'number' ? 'numeric' : undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
