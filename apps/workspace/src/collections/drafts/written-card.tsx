import { Moment } from '@parley/look'
import { useConversation } from '@parley/react'
import type { ReactNode } from 'react'
import { titleOf } from '../../conversations/list/title.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import { plainOf } from '../message-card/plain.ts'
import styles from './written-card.module.css'

interface WrittenCardProps {
  readonly channel: string
  readonly thread?: number | undefined
  readonly text: string
  /** When it was written or will be sent. */
  readonly time: number
  /** What stands in its way. */
  readonly problem?: string | undefined
  readonly actions: ReactNode
}

/** Something that is written and not sent: where it is for, its words, what can be done with it. */
export function WrittenCard({ channel, thread, text, time, problem, actions }: WrittenCardProps) {
  const { me } = useDesk()
  const nameOf = useNames()
  const { conversation } = useConversation(channel)
  const title = conversation === undefined ? channel : titleOf(conversation, { me, nameOf })
  return (
    <article className={styles.card}>
      <div className={styles.head}>
        <bdi className={styles.title}>{title}</bdi>
        {thread !== undefined && <span className={styles.quiet}>in a thread</span>}
        <Moment at={time} className={styles.quiet} />
      </div>
      <p className={styles.text} dir="auto">
        {plainOf(text)}
      </p>
      {problem !== undefined && <p className={styles.problem}>It could not be sent. {problem}</p>}
      <div className={styles.actions}>{actions}</div>
    </article>
  )
}
