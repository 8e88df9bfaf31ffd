import { type KeyboardEvent, type ReactNode, useId, useState, useSyncExternalStore } from 'react'
import { useClient } from '../provider.tsx'
import { inspectorOf } from './inspected-client.ts'
import type { Inspection, Inspector } from './inspector.ts'
import { styles } from './styles.ts'
import { CallsTab, FramesTab, StateTab } from './tabs.tsx'

export interface DevtoolsProps {
  /** Whether the panel is open at first; default false. */
  readonly initiallyOpen?: boolean
}

const tabs = [
  { id: 'state', label: 'State' },
  { id: 'frames', label: 'Frames' },
  { id: 'queue', label: 'Queue' },
] as const

type TabId = (typeof tabs)[number]['id']

/**
 * A panel for developers: the connection and its subscriptions, the frames on the wire, and the calls without an answer.
 * The client of the provider above is one that {@link inspectedClient} made. On a server nothing is rendered.
 */
export function Devtools({ initiallyOpen = false }: DevtoolsProps): ReactNode {
  const client = useClient()
  const inspector = inspectorOf(client)
  const isClient = useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
  const [isOpen, setOpen] = useState(initiallyOpen)
  if (!isClient) return null
  if (!isOpen)
    return (
      <button type="button" style={styles.open} onClick={() => setOpen(true)}>
        Parley devtools
      </button>
    )
  return (
    <section aria-label="Parley devtools" style={styles.panel}>
      {inspector === undefined ? (
        <p style={styles.quiet}>
          Nothing is recorded: make the client with <code>inspectedClient</code>, and give it to the provider.
        </p>
      ) : (
        <Panel inspector={inspector} />
      )}
      <button
        type="button"
        aria-label="Close the devtools"
        style={styles.close}
        onClick={() => setOpen(false)}
      >
        ✕
      </button>
    </section>
  )
}

const never = () => () => undefined

function Panel({ inspector }: { readonly inspector: Inspector }) {
  const inspection = useSyncExternalStore(inspector.watch, inspector.inspect, inspector.inspect)
  const [tab, setTab] = useState<TabId>('state')
  const id = useId()
  return (
    <>
      <div
        role="tablist"
        aria-label="Parts"
        style={styles.tabs}
        onKeyDown={(event) => move(event, tab, setTab)}
      >
        {tabs.map((one) => (
          <button
            key={one.id}
            type="button"
            role="tab"
            id={`${id}-${one.id}`}
            aria-selected={one.id === tab}
            aria-controls={`${id}-panel`}
            tabIndex={one.id === tab ? 0 : -1}
            style={one.id === tab ? styles.tabChosen : styles.tab}
            onClick={() => setTab(one.id)}
          >
            {`${one.label}${countOf(one.id, inspection)}`}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${tab}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
        tabIndex={0}
        style={styles.body}
      >
        {tab === 'state' && <StateTab inspection={inspection} />}
        {tab === 'frames' && <FramesTab inspection={inspection} onClear={() => inspector.clearFrames()} />}
        {tab === 'queue' && <CallsTab inspection={inspection} />}
      </div>
    </>
  )
}

function countOf(id: TabId, { calls }: Inspection): string {
  if (id !== 'queue') return ''
  const waiting = calls.filter(({ state }) => state === 'waiting').length
  return waiting === 0 ? '' : ` (${waiting})`
}

function move(event: KeyboardEvent<HTMLElement>, tab: TabId, setTab: (tab: TabId) => void): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (step === undefined) return
  event.preventDefault()
  const at = tabs.findIndex(({ id }) => id === tab)
  const next = (at + step + tabs.length) % tabs.length
  setTab((tabs[next] as (typeof tabs)[number]).id)
  const buttons = event.currentTarget.querySelectorAll('button')
  buttons[next]?.focus()
}
