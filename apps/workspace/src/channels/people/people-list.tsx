import { Avatar } from '../../presence/avatar.tsx'
import type { Person } from './people.ts'
import styles from './people-list.module.css'

interface PeopleListProps {
  readonly people: readonly Person[]
  /** False while the connection is away: then this is who was here. */
  readonly isLive: boolean
}

/** Who is here, with since when. */
export function PeopleList({ people, isLive }: PeopleListProps) {
  return (
    <ul className={styles.people}>
      {people.map((person) => (
        <li key={person.id} className={styles.person}>
          <Avatar id={person.id} name={person.name} presence={isLive ? 'online' : 'unknown'} />
          <span className={styles.words}>
            <span className={styles.name}>
              <bdi>{person.name}</bdi>
              {person.isMe && <span className={styles.me}> (you)</span>}
            </span>
            <span className={styles.facts}>
              {isLive ? factsOf(person) : 'was here when the connection was lost'}
            </span>
          </span>
        </li>
      ))}
    </ul>
  )
}

function factsOf({ since, windows }: Person): string {
  const facts = []
  if (since !== undefined)
    facts.push(`since ${new Date(since).toLocaleTimeString([], { timeStyle: 'short' })}`)
  if (windows > 1) facts.push(`${windows} windows`)
  return ['online', ...facts].join(' · ')
}
