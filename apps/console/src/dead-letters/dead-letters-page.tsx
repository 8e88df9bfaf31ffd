import { Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useAction, useAnswer } from '../data/use-answer.ts'
import { usePaging } from '../data/use-paging.ts'
import { useParameters } from '../data/use-parameters.ts'
import { amountWords, countWords } from '../data/words.ts'
import { Facts, Part } from '../page/facts.tsx'
import { Json } from '../page/json.tsx'
import { Page } from '../page/page.tsx'
import { SidePanel } from '../page/side-panel.tsx'
import { Ago } from '../table/ago.tsx'
import { Copyable } from '../table/copyable.tsx'
import { Listing } from '../table/listing.tsx'
import { Pager } from '../table/pager.tsx'
import { type Column, Table } from '../table/table.tsx'
import styles from './dead-letters.module.css'

type Letter = OutputOfCommand<BuiltIn, 'delivery.deadLetters'>['letters'][number]

const columns: readonly Column<Letter>[] = [
  { label: 'Job', cell: ({ job }) => job },
  { label: 'Why', cell: ({ error }) => error.message },
  { label: 'Attempts', cell: ({ attempts }) => countWords(attempts), isNumber: true, isWide: true },
  { label: 'Asked for', cell: ({ requestedAt }) => <Ago at={requestedAt} />, isNumber: true, isWide: true },
  { label: 'Given up', cell: ({ failedAt }) => <Ago at={failedAt} />, isNumber: true },
]

/** Work that the server has given up: why, and the way to have it done after all. */
export function DeadLettersPage() {
  const [{ selected }, change] = useParameters()
  const paging = usePaging<string>('')
  const answer = useAnswer(
    'delivery.deadLetters',
    { limit: 50, ...(paging.after === undefined ? {} : { after: paging.after }) },
    { everyMs: 10_000 },
  )
  const requeueAll = useAction('delivery.requeueAll', ['delivery.deadLetters'])
  const { letters = [], next } = answer.data ?? {}
  const letter = letters.find(({ id }) => id === selected)
  return (
    <Page
      title="Dead letters"
      lead="Work of your app that failed at every attempt. It is kept for 30 days, and can be done anew once its cause is mended."
      action={
        <Button
          variant="default"
          disabled={letters.length === 0}
          loading={requeueAll.isPending}
          onClick={() => requeueAll.mutate({})}
        >
          Do all anew
        </Button>
      }
      panel={
        letter && (
          <LetterPanel key={letter.id} letter={letter} onClose={() => change({ selected: undefined })} />
        )
      }
    >
      {requeueAll.error && <p role="alert">{requeueAll.error.message}</p>}
      <Listing
        label="Dead letters"
        answer={answer}
        isEmpty={letters.length === 0}
        empty={{ text: 'Nothing was given up: every job has reached its end, or is still being tried.' }}
      >
        <Table
          label="Dead letters"
          rows={letters}
          columns={columns}
          keyOf={({ id }) => id}
          selected={selected}
          onOpen={({ id }) => change({ selected: id })}
        />
        <Pager paging={paging} next={next} words={`${amountWords(letters.length, 'dead letter')} shown`} />
      </Listing>
    </Page>
  )
}

function LetterPanel({ letter, onClose }: { readonly letter: Letter; readonly onClose: () => void }) {
  const requeue = useAction('delivery.requeue', ['delivery.deadLetters'])
  const discard = useAction('delivery.discard', ['delivery.deadLetters'])
  const problem = requeue.error ?? discard.error
  return (
    <SidePanel title={letter.job} onClose={onClose}>
      {letter.summary !== '' && <p>{letter.summary}</p>}
      <Facts
        facts={[
          ['Id', <Copyable key="id" text={letter.id} what="id" />],
          ['Why', letter.error.message],
          ['Code', <code key="code">{letter.error.code}</code>],
          ['Attempts', countWords(letter.attempts)],
          ['Done anew before', countWords(letter.requeues)],
          ['Asked for', <Ago key="asked" at={letter.requestedAt} />],
          ['Given up', <Ago key="failed" at={letter.failedAt} />],
        ]}
      />
      <Part title="What it was given">
        <Json label="Input of the job" value={letter.input} />
      </Part>
      <div className={styles.actions}>
        <Button loading={requeue.isPending} onClick={() => requeue.mutate({ id: letter.id })}>
          Do it anew
        </Button>
        <Button
          variant="default"
          color="danger"
          loading={discard.isPending}
          onClick={() => discard.mutate({ id: letter.id })}
        >
          Throw it away
        </Button>
      </div>
      {problem && <p role="alert">{problem.message}</p>}
    </SidePanel>
  )
}
