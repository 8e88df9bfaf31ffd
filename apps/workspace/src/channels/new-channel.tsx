import { Button, Modal, TextInput } from '@mantine/core'
import { Icon } from '@parley/look'
import { type FormEvent, useState } from 'react'
import { isChannelId } from '../address/place.ts'
import { type ChannelKind, keepingOf } from './kinds.ts'
import styles from './new-channel.module.css'

interface NewChannelProps {
  readonly kinds: readonly ChannelKind[]
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onMake: (channel: string) => void
}

/** Asks for kind and name. A channel exists as soon as somebody listens to it: there is nothing to set up. */
export function NewChannel({ kinds, isOpen, onClose, onMake }: NewChannelProps) {
  const offered = kinds.filter(({ writable }) => writable)
  const [kind, setKind] = useState(offered[0]?.name)
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string>()

  const make = (event: FormEvent) => {
    event.preventDefault()
    const id = idOf(typed)
    const found = problemWith(id)
    setProblem(found)
    if (found !== undefined || kind === undefined) return
    onMake(`${kind}:${id}`)
  }

  return (
    <Modal opened={isOpen} onClose={onClose} title="New channel" size={440}>
      <form className={styles.form} onSubmit={make} noValidate>
        <TextInput
          data-autofocus
          label="Name"
          description="Letters and digits of any script, and - . _ between them. Whoever gives the same name meets there."
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={problem}
          maxLength={160}
          autoComplete="off"
          spellCheck={false}
        />
        <fieldset className={styles.kinds}>
          <legend className={styles.legend}>Kind</legend>
          {offered.map((one) => (
            <label key={one.name} className={styles.kind}>
              <input
                type="radio"
                name="kind"
                value={one.name}
                checked={one.name === kind}
                onChange={() => setKind(one.name)}
              />
              <Icon name={one.durability} />
              <span className={styles.words}>
                <code>{one.name}</code>
                <span className={styles.keeping}>{keepingOf(one)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Button type="submit" fullWidth>
          Open channel
        </Button>
      </form>
    </Modal>
  )
}

/** `Design talk` → `design-talk`. */
function idOf(typed: string): string {
  return typed.normalize('NFKC').trim().replace(/\s+/g, '-').toLowerCase()
}

function problemWith(id: string): string | undefined {
  if (id === '') return 'Write a name.'
  return isChannelId(id) ? undefined : 'Begin with a letter or digit, and use letters, digits and - . _ only.'
}
