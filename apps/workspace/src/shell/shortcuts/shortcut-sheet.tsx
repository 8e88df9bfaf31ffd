import { Modal, Switch } from '@mantine/core'
import { useState } from 'react'
import { useDesk } from '../desk.ts'
import { type Shortcut, shortcuts } from './keys.ts'
import styles from './shortcut-sheet.module.css'
import { singleKeysOn, switchSingleKeys } from './single-keys.ts'

const groups = [...new Set(shortcuts.map(({ group }) => group))]

/** Keys of the list, the messages and the composer, which those parts listen to themselves. */
const others: readonly (readonly [keys: string, label: string])[] = [
  ['Enter', 'Send the message'],
  ['Shift+Enter', 'New line'],
  ['ArrowUp', 'Edit your last message, in an empty field'],
]

/** Every key of the workspace. */
export function ShortcutSheet({ onClose }: { readonly onClose: () => void }) {
  const { device } = useDesk()
  const [isOn, setOn] = useState(() => singleKeysOn(device))
  return (
    <Modal opened onClose={onClose} title="Keyboard" size={640}>
      <div className={styles.groups}>
        {groups.slice(0, -1).map((group) => (
          <Group key={group} group={group} />
        ))}
        <section className={styles.group}>
          <h3 className={styles.title}>Writing</h3>
          <dl className={styles.list}>
            {others.map(([keys, label]) => (
              <Line key={keys} keys={keys} label={label} />
            ))}
          </dl>
        </section>
        <Group group={groups.at(-1)} />
      </div>
      <Switch
        label="Single keys are shortcuts"
        description="Switch it off if they are pressed by accident, by speech input for one."
        checked={isOn}
        onChange={(event) => {
          setOn(event.currentTarget.checked)
          switchSingleKeys(device, event.currentTarget.checked)
        }}
      />
    </Modal>
  )
}

function Group({ group }: { readonly group: Shortcut['group'] | undefined }) {
  return (
    <section className={styles.group}>
      <h3 className={styles.title}>{group}</h3>
      <dl className={styles.list}>
        {shortcuts
          .filter((shortcut) => shortcut.group === group)
          .map(({ keys, label }) => (
            <Line key={keys} keys={keys} label={label} />
          ))}
      </dl>
    </section>
  )
}

function Line({ keys, label }: { readonly keys: string; readonly label: string }) {
  return (
    <div className={styles.line}>
      <dt>{label}</dt>
      <dd className={styles.keys}>
        {keys.split(/[+ ]/).map((key) => (
          <kbd key={key} className={styles.key}>
            {nameOf(key)}
          </kbd>
        ))}
      </dd>
    </div>
  )
}

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent)

function nameOf(key: string): string {
  const names: Readonly<Record<string, string>> = {
    Mod: isApple ? '⌘' : 'Ctrl',
    Alt: isApple ? '⌥' : 'Alt',
    ArrowDown: '↓',
    ArrowUp: '↑',
    Escape: 'Esc',
  }
  return names[key] ?? (key.length === 1 ? key.toUpperCase() : key)
}
