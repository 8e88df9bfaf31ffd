import { Button } from '@mantine/core'
import { Failure, Mark } from '@parley/look'
import { useState } from 'react'
import { replaceWith } from '../../address/use-place.ts'
import { useDesk } from '../../shell/desk.ts'
import styles from './join-page.module.css'

/** Where a join link leads: one press and one is in. Links are fetched by previews too; those join nobody. */
export function JoinPage({ token }: { readonly token: string }) {
  const { client } = useDesk()
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const join = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const { channel } = await client.chat.joinByLink({ token })
      replaceWith({ page: 'conversation', channel })
    } catch (error) {
      setProblem((error as Error).message)
      setBusy(false)
    }
  }
  return (
    <section className={styles.page} aria-label="Join by a link">
      {problem === undefined ? (
        <div className={styles.card}>
          <span className={styles.mark}>
            <Mark size={40} />
          </span>
          <h2 className={styles.title}>You have a link to a conversation</h2>
          <p className={styles.text}>
            Who joins reads what was written before and is seen by the other members.
          </p>
          <div className={styles.choices}>
            <Button size="md" loading={isBusy} onClick={join}>
              Join
            </Button>
            <Button size="md" variant="default" onClick={() => replaceWith({ page: 'home' })}>
              Not now
            </Button>
          </div>
        </div>
      ) : (
        <Failure title="The link does not open" message={problem} onRetry={join}>
          <Button variant="default" component="a" href="#rooms">
            Browse rooms
          </Button>
        </Failure>
      )}
    </section>
  )
}
