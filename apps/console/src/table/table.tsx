import { type KeyboardEvent, type ReactNode, useRef } from 'react'
import styles from './table.module.css'

/** A column: what it says of a row. */
export interface Column<Row> {
  readonly label: string
  readonly cell: (row: Row) => ReactNode
  /** Numbers stand at the end of the line. */
  readonly isNumber?: boolean
  /** Left out where there is little room. */
  readonly isWide?: boolean
  /** Its texts have no spaces to be broken at. */
  readonly isUnbroken?: boolean
}

interface TableProps<Row> {
  /** What the rows are: "Connections". */
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  /** Opens the details of a row. Without it rows are only read. */
  readonly onOpen?: (row: Row) => void
  readonly selected?: string | undefined
}

/** Rows that are gone through by arrow keys, and opened by Enter or a click. */
export function Table<Row>({ label, rows, columns, keyOf, onOpen, selected }: TableProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const onKey = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (step === undefined) return
    const buttons = [...(body.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLElement)
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, step(at, buttons.length)))]
    if (at < 0 || next === undefined) return
    event.preventDefault()
    next.focus()
  }
  return (
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col" data-number={column.isNumber} data-wide={column.isWide}>
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={onKey}>
        {rows.map((row) => {
          const key = keyOf(row)
          return (
            <tr
              key={key}
              data-selected={key === selected}
              data-openable={onOpen !== undefined}
              onClick={
                onOpen === undefined ? undefined : (event) => openByMouse(event.target, () => onOpen(row))
              }
            >
              {columns.map((column, index) => (
                <td
                  key={column.label}
                  data-number={column.isNumber}
                  data-wide={column.isWide}
                  data-unbroken={column.isUnbroken}
                >
                  {index === 0 && onOpen !== undefined ? (
                    <button
                      type="button"
                      data-row
                      className={styles.open}
                      aria-pressed={key === selected}
                      onClick={() => onOpen(row)}
                    >
                      {column.cell(row)}
                    </button>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

const steps: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  Home: () => 0,
  End: (_at, count) => count - 1,
}

/** A click on a button or link in the row is for that alone, and so is one that marks text. */
function openByMouse(target: EventTarget, open: () => void): void {
  if (target instanceof Element && target.closest('button, a, input') !== null) return
  if (window.getSelection()?.isCollapsed === false) return
  open()
}
