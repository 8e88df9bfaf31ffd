import { memo, type ReactNode, useCallback, useState } from 'react'
import { useChatUi } from '../chat-ui.tsx'
import { Day } from '../moment.tsx'
import { MessageRow } from './message-row.tsx'
import type { RowContext } from './message-slots.ts'
import type { Row } from './rows.ts'

interface RowElementProps {
  readonly row: Row
  /** The one row of the list that Tab reaches. */
  readonly isCurrent: boolean
  readonly isHighlighted: boolean
  readonly context: RowContext
  readonly register: (key: string, element: HTMLElement) => () => void
}

/** A line of the list. */
export const RowElement = memo(
  function RowElement({ row, isCurrent, isHighlighted, context, register }: RowElementProps): ReactNode {
    const { key } = row
    const [isActive, setActive] = useState(false)
    const ref = useCallback(
      (element: HTMLLIElement | null) => (element === null ? undefined : register(key, element)),
      [key, register],
    )
    return (
      <li
        ref={ref}
        className={`parley-row parley-row-${row.type}`}
        data-key={key}
        data-seq={row.type === 'message' ? row.message.seq : undefined}
        data-highlighted={isHighlighted || undefined}
        tabIndex={isCurrent ? 0 : -1}
        onPointerEnter={() => setActive(true)}
        onPointerLeave={({ currentTarget }) => setActive(currentTarget.contains(document.activeElement))}
        onFocus={() => setActive(true)}
        onBlur={({ currentTarget, relatedTarget }) => setActive(currentTarget.contains(relatedTarget))}
      >
        <RowContent row={row} isActive={isActive} context={context} />
      </li>
    )
  },
  (before, after) =>
    isSameRow(before.row, after.row) &&
    before.isCurrent === after.isCurrent &&
    before.isHighlighted === after.isHighlighted &&
    before.context === after.context &&
    before.register === after.register,
)

interface RowContentProps extends Pick<RowElementProps, 'row' | 'context'> {
  /** Pointed at, or with the focus. */
  readonly isActive: boolean
}

function RowContent({ row, isActive, context }: RowContentProps): ReactNode {
  const { texts } = useChatUi()
  switch (row.type) {
    case 'day':
      return (
        <div className="parley-day">
          <span>
            <Day at={row.at} />
          </span>
        </div>
      )
    case 'unread':
      return (
        <div className="parley-unread-line">
          <span>{texts.newMessages}</span>
        </div>
      )
    default:
      return <MessageRow {...{ message: row.message, isContinued: row.isContinued, isActive, context }} />
  }
}

function isSameRow(before: Row, after: Row): boolean {
  if (before.key !== after.key) return false
  if (!('message' in before) || !('message' in after)) return true
  return before.message === after.message && before.isContinued === after.isContinued
}
