import { Modal } from '@mantine/core'
import { Icon } from '@parley/look'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { Avatar } from '../../presence/avatar.tsx'
import { useNames } from '../../presence/use-names.ts'
import { grouped, itemsLike, type PaletteItem } from './items.ts'
import styles from './palette.module.css'
import { useFound } from './use-found.ts'
import { useItems } from './use-items.ts'

/** Goes anywhere and does anything by typing. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const known = useItems()
  const found = useFound(typed)
  const groups = useMemo(() => grouped([...itemsLike(known, typed), ...found]), [known, typed, found])
  const items = groups.flatMap(([, inside]) => inside)
  const active = Math.min(at, items.length - 1)
  const id = useId()

  const choose = (item: PaletteItem | undefined) => {
    if (item === undefined) return
    onClose()
    item.run()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      attributes={{ content: { 'aria-label': 'Command palette' } }}
      size={560}
      padding={0}
      yOffset="12dvh"
      centered={false}
    >
      <div className={styles.field}>
        <Icon name="search" size={18} />
        <input
          data-autofocus
          className={styles.input}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={(event) =>
            walk(event, { active, count: items.length, go: setAt, choose: () => choose(items[active]) })
          }
          placeholder="Go to a conversation, a person, an action …"
          aria-label="Command palette"
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={items[active] && `${id}-${active}`}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          dir="auto"
        />
      </div>
      <div id={id} className={styles.list} role="listbox" aria-label="Results">
        {groups.map(([group, inside]) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options.
          <div key={group} role="group" aria-label={group}>
            <div className={styles.group} aria-hidden="true">
              {group}
            </div>
            {inside.map((item) => (
              <Option
                key={item.id}
                item={item}
                id={`${id}-${items.indexOf(item)}`}
                isActive={items[active] === item}
                onChoose={() => choose(item)}
                onPoint={() => setAt(items.indexOf(item))}
              />
            ))}
          </div>
        ))}
        {items.length === 0 && <p className={styles.nothing}>Nothing here is called so.</p>}
      </div>
    </Modal>
  )
}

interface Walk {
  readonly active: number
  readonly count: number
  readonly go: (at: number) => void
  readonly choose: () => void
}

/** Up and down go from result to result, round the end; Enter chooses. */
function walk(event: KeyboardEvent, { active, count, go, choose }: Walk): void {
  if (event.nativeEvent.isComposing) return
  const most = Math.max(1, count)
  if (event.key === 'ArrowDown') go((active + 1) % most)
  else if (event.key === 'ArrowUp') go((active - 1 + most) % most)
  else if (event.key === 'Enter') choose()
  else return
  event.preventDefault()
}

interface OptionProps {
  readonly item: PaletteItem
  readonly id: string
  readonly isActive: boolean
  readonly onChoose: () => void
  readonly onPoint: () => void
}

function Option({ item, id, isActive, onChoose, onPoint }: OptionProps) {
  const nameOf = useNames()
  const element = useRef<HTMLDivElement>(null)
  const { label, hint, icon, user } = item
  useEffect(() => {
    if (isActive) element.current?.scrollIntoView({ block: 'nearest' })
  }, [isActive])
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, as in every combobox.
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field chooses.
    <div
      ref={element}
      id={id}
      role="option"
      aria-selected={isActive}
      className={styles.option}
      onMouseDown={(event) => event.preventDefault()}
      onMouseMove={onPoint}
      onClick={onChoose}
    >
      <span className={styles.icon}>
        {user === undefined ? (
          icon && <Icon name={icon} size={18} />
        ) : (
          <Avatar id={user} name={nameOf(user)} size={20} />
        )}
      </span>
      <bdi className={styles.label}>{label}</bdi>
      {hint && hint !== label && <span className={styles.hint}>{hint}</span>}
    </div>
  )
}
