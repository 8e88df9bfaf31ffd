import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import type { BuiltIn, InputOfCommand, OutputOfCommand } from '@parley/client'
import { Sentence } from '@parley/look'
import { type FormEvent, useState } from 'react'
import { useAction } from '../data/use-answer.ts'
import { useParameters } from '../data/use-parameters.ts'
import { Tag } from '../table/tag.tsx'
import styles from './explain.module.css'

type Question = InputOfCommand<BuiltIn, 'operations.explain'>
type Answer = OutputOfCommand<BuiltIn, 'operations.explain'>

const actions = ['read', 'write', 'presence', 'manage'] as const

/** Asks the server why somebody may do something. */
export function Explain() {
  const [{ session: givenSession = '', channel: givenChannel = '' }] = useParameters()
  const ask = useAction('operations.explain', [])
  const [who, setWho] = useState<'session' | 'user'>(givenSession === '' ? 'user' : 'session')
  const [fields, setFields] = useState<SubjectFields>({
    session: givenSession,
    user: 'ada',
    capabilities: '{ "chat:*": ["read", "write"] }',
  })
  const change = (some: Partial<SubjectFields>) => setFields({ ...fields, ...some })
  const [what, setWhat] = useState<string>('read')
  const [command, setCommand] = useState('')
  const [channel, setChannel] = useState(givenChannel)
  const grants = grantsOf(fields.capabilities)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const subject =
      who === 'session' ? { session: fields.session } : { user: fields.user, capabilities: grants ?? [] }
    const wish = what === 'command' ? { command } : { action: what as (typeof actions)[number] }
    ask.mutate({ ...subject, ...wish, ...(channel === '' ? {} : { channel }) } as Question)
  }
  return (
    <div className={styles.explain}>
      <form className={styles.form} onSubmit={submit}>
        <NativeSelect
          label="Who"
          data={[
            { value: 'user', label: 'A user with these capabilities' },
            { value: 'session', label: 'A session that is here' },
          ]}
          value={who}
          onChange={(event) => setWho(event.currentTarget.value as 'user')}
        />
        <Subject who={who} fields={fields} change={change} grants={grants} />
        <NativeSelect
          label="Wants to"
          data={[...actions, { value: 'command', label: 'call a command' }]}
          value={what}
          onChange={(event) => setWhat(event.currentTarget.value)}
        />
        {what === 'command' && (
          <TextInput
            label="Command"
            placeholder="channels.publish"
            value={command}
            onChange={(event) => setCommand(event.currentTarget.value)}
            spellCheck={false}
          />
        )}
        <TextInput
          label="On the channel"
          placeholder="chat:general"
          value={channel}
          onChange={(event) => setChannel(event.currentTarget.value)}
          spellCheck={false}
        />
        <div>
          <Button type="submit" loading={ask.isPending} disabled={who === 'user' && grants === undefined}>
            Explain
          </Button>
        </div>
      </form>
      <div role="status" className={styles.answer}>
        {ask.error && (
          <p className={styles.problem}>
            <Sentence text={ask.error.message} />
          </p>
        )}
        {ask.data && !ask.error && <Verdict answer={ask.data} />}
        {ask.isIdle && <p className={styles.quiet}>The answer comes here.</p>}
      </div>
    </div>
  )
}

interface SubjectFields {
  readonly session: string
  readonly user: string
  /** JSON, as in a token. */
  readonly capabilities: string
}

interface SubjectProps {
  readonly who: 'session' | 'user'
  readonly fields: SubjectFields
  readonly change: (some: Partial<SubjectFields>) => void
  readonly grants: Question['capabilities'] | undefined
}

/** Whose permission is asked about. */
function Subject({ who, fields, change, grants }: SubjectProps) {
  if (who === 'session')
    return (
      <TextInput
        label="Session"
        description="Its id, as under Connections."
        value={fields.session}
        onChange={(event) => change({ session: event.currentTarget.value })}
        spellCheck={false}
      />
    )
  return (
    <>
      <TextInput
        label="User"
        value={fields.user}
        onChange={(event) => change({ user: event.currentTarget.value })}
        spellCheck={false}
      />
      <Textarea
        label="Capabilities"
        description="As a token has them: patterns of channels, and what may be done on each."
        value={fields.capabilities}
        onChange={(event) => change({ capabilities: event.currentTarget.value })}
        error={grants === undefined ? 'Write {"pattern": ["action", …]}.' : undefined}
        classNames={{ input: styles.code }}
        rows={3}
        spellCheck={false}
      />
    </>
  )
}

const outcomes = {
  passes: ['good', 'passes'],
  refuses: ['bad', 'refuses'],
  not_asked: ['plain', 'not asked'],
} as const

function Verdict({ answer: { allowed, steps, advice } }: { readonly answer: Answer }) {
  return (
    <>
      <h2 className={styles.verdict}>{allowed ? 'Yes, they may.' : 'No, they may not.'}</h2>
      <ol className={styles.steps}>
        {steps.map(({ name, outcome, reason }) => {
          const [tone, word] = outcomes[outcome]
          return (
            <li key={name} className={styles.step} data-outcome={outcome}>
              <Tag tone={tone}>
                {name}: {word}
              </Tag>
              <span>
                <Sentence text={reason} />
              </span>
            </li>
          )
        })}
      </ol>
      {advice && (
        <p className={styles.advice}>
          <Sentence text={advice} />
        </p>
      )}
    </>
  )
}

/** `{"chat:*": ["read"]}` as a list of grants; undefined when it is none. */
function grantsOf(text: string): Question['capabilities'] | undefined {
  try {
    const map = JSON.parse(text) as Record<string, ('read' | 'write' | 'presence' | 'manage' | '*')[]>
    const entries = Object.entries(map)
    if (!entries.every(([, held]) => Array.isArray(held))) return undefined
    return entries.map(([pattern, held]) => ({ pattern, actions: held }))
  } catch {
    return undefined
  }
}
