import { UnstyledButton, VisuallyHidden } from '@mantine/core'
import { Icon } from '@parley/look'
import { Avatar } from '../../presence/avatar.tsx'
import type { Person } from './people.ts'
import styles from './people-button.module.css'

interface PeopleButtonProps {
  readonly people: readonly Person[]
  readonly isOpen: boolean
  readonly onToggle: () => void
}

const most = 4

/** Who is here at a glance; opens the side panel. */
export function PeopleButton({ people, isOpen, onToggle }: PeopleButtonProps) {
  const count = people.length
  return (
    <UnstyledButton className={styles.button} onClick={onToggle} aria-expanded={isOpen}>
      <VisuallyHidden>
        {count === 1 ? '1 person' : `${count} people`} here. {isOpen ? 'Close' : 'Open'} the side panel.
      </VisuallyHidden>
      {count === 0 ? (
        <Icon name="people" />
      ) : (
        <span className={styles.stack}>
          {people.slice(0, most).map(({ id, name }) => (
            <span key={id} className={styles.place}>
              <Avatar id={id} name={name} size={24} />
            </span>
          ))}
        </span>
      )}
      {count > 0 && (
        <span className={styles.count} aria-hidden="true">
          {count}
        </span>
      )}
    </UnstyledButton>
  )
}
