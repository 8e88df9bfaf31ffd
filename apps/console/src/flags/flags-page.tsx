import { Switch } from '@mantine/core'
import { Sentence } from '@parley/look'
import { useAction, useAnswer } from '../data/use-answer.ts'
import { Page } from '../page/page.tsx'
import { Listing } from '../table/listing.tsx'
import { Table } from '../table/table.tsx'
import styles from './flags.module.css'

/** Switches of the whole server. */
export function FlagsPage() {
  const answer = useAnswer('flags.list', {}, { everyMs: 5_000 })
  const modules = useAnswer('operations.modules', {})
  const set = useAction('flags.set', ['flags.list'])
  const flags = answer.data?.flags ?? []
  const behind = new Map<string, string[]>()
  for (const { commands } of modules.data?.modules ?? [])
    for (const { name, flag } of commands)
      if (flag !== undefined) behind.set(flag, [...(behind.get(flag) ?? []), name])
  return (
    <Page title="Feature flags" lead="They act at once, on every node, and keep their place over restarts.">
      {set.error && <p role="alert">{set.error.message}</p>}
      <Listing
        label="Feature flags"
        answer={answer}
        isEmpty={flags.length === 0}
        empty={{ text: 'The server has no feature flags.' }}
      >
        <Table
          label="Feature flags"
          rows={flags}
          keyOf={({ name }) => name}
          columns={[
            {
              label: 'Flag',
              cell: ({ name, on }) => (
                <Switch
                  label={name}
                  checked={on}
                  disabled={set.isPending && set.variables.name === name}
                  onChange={(event) => set.mutate({ name, on: event.currentTarget.checked })}
                />
              ),
            },
            { label: 'Is', cell: ({ on }) => (on ? 'on' : 'off'), isWide: true },
            {
              label: 'Switches',
              cell: ({ name, meaning }) => <Meaning text={meaning} commands={behind.get(name)} />,
            },
          ]}
        />
      </Listing>
    </Page>
  )
}

function Meaning({
  text,
  commands,
}: {
  readonly text: string | undefined
  readonly commands: string[] | undefined
}) {
  if (text === undefined) return <span className={styles.quiet}>Nothing depends on it yet.</span>
  return (
    <>
      <Sentence text={text} />
      {commands !== undefined && <code className={styles.commands}>{commands.join(', ')}</code>}
    </>
  )
}
