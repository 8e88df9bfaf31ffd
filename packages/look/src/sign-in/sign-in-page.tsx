import { Button, Checkbox, TextInput } from '@mantine/core'
import type { ParleyError } from '@parley/client'
import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { Sentence } from '../states/sentence.tsx'
import { Mark } from '../theme/mark.tsx'
import { type Role, signInByName, signInByToken } from './ask-for-token.ts'
import type { SessionStore } from './session.ts'
import styles from './sign-in-page.module.css'

const ways = {
  name: {
    label: 'Your name',
    description: 'What others see. This server asks for no more.',
    submit: 'Sign in',
    missing: 'Write the name that others shall see.',
    switchTo: 'Use a token instead',
    ask: signInByName,
  },
  token: {
    label: 'Token',
    description: 'A signed token (JWT) from your application’s back end.',
    submit: 'Sign in with token',
    missing: 'Paste a token.',
    switchTo: 'Sign in by name instead',
    ask: (token: string) => signInByToken(token),
  },
} as const

interface SignInPageProps {
  readonly store: SessionStore
  /** What one signs in to. */
  readonly title: string
  /** One or two sentences about it. */
  readonly lead: string
  /** As what one signs in by name; default `member`. */
  readonly signsInAs?: Role
}

/** Sign-in by name, where the server offers it, or with a token. */
export function SignInPage({ store, title: product, lead, signsInAs = 'member' }: SignInPageProps) {
  const [way, setWay] = useState<keyof typeof ways>('name')
  const [value, setValue] = useState('')
  const [keep, setKeep] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const [problem, setProblem] = useState<string>()
  const ended = store.endedBecause()
  const field = useRef<HTMLInputElement>(null)
  const title = useId()
  const { label, description, submit, missing, switchTo, ask } = ways[way]

  useEffect(() => field.current?.focus(), [])

  const change = (next: keyof typeof ways, because?: string) => {
    setWay(next)
    setValue('')
    setProblem(because)
    field.current?.focus()
  }
  const signIn = async (event: FormEvent) => {
    event.preventDefault()
    const given = value.trim()
    setProblem(given === '' ? missing : undefined)
    if (given === '') return field.current?.focus()
    setAsking(true)
    try {
      store.begin(await ask(given, signsInAs), { keep })
    } catch (error) {
      const { code, message } = error as ParleyError
      setAsking(false)
      if (code === 'disabled') change('token', message)
      else setProblem(message)
      field.current?.focus()
    }
  }

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={signIn} aria-labelledby={title} noValidate>
        <div className={styles.brand}>
          <Mark size={40} />
          <h1 id={title} className={styles.title}>
            {product}
          </h1>
        </div>
        {ended === undefined ? (
          <p className={styles.lead}>{lead}</p>
        ) : (
          <p className={styles.ended} role="status">
            <Sentence text={ended} />
          </p>
        )}
        <TextInput
          ref={field}
          key={way}
          label={label}
          description={description}
          error={problem === undefined ? undefined : <Sentence text={problem} />}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          maxLength={way === 'name' ? 64 : 8_192}
          autoComplete={way === 'name' ? 'nickname' : 'off'}
          spellCheck={false}
          size="md"
        />
        <Checkbox
          label="Keep me signed in on this device"
          checked={keep}
          onChange={(event) => setKeep(event.currentTarget.checked)}
        />
        <Button type="submit" size="md" fullWidth loading={isAsking}>
          {submit}
        </Button>
        <Button
          variant="subtle"
          size="sm"
          fullWidth
          onClick={() => change(way === 'name' ? 'token' : 'name')}
        >
          {switchTo}
        </Button>
      </form>
      <p className={styles.server}>
        <code>{location.host}</code>
      </p>
    </main>
  )
}
