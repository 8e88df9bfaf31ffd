import { Button } from '@mantine/core'
import { Icon, Scrollable } from '@parley/look'
import type { ChannelState } from '@parley/react'
import {
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { useDesk } from '../../shell/desk.ts'
import { useChannelDesk } from '../channel-desk.ts'
import type { Line } from './lines.ts'
import { linesOf } from './lines.ts'
import styles from './message-list.module.css'
import { MessageRow } from './message-row.tsx'
import { keepPlace, placeIn } from './reading-place.ts'
import { useOlder } from './use-older.ts'
import { useScrolling } from './use-scrolling.ts'

interface MessageListProps {
  readonly channel: string
  readonly view: ChannelState
  readonly onRetry: (id: string) => void
}

/** The messages of a channel: live at the end, older ones as the reader goes up. */
export function MessageList({ channel, view, onRetry }: MessageListProps) {
  const { me, names, tab } = useDesk()
  const { unread } = useChannelDesk()
  const known = useSyncExternalStore(names.watch, names.all)
  const now = useToday()
  const { events, outgoing, discard } = view
  const lines = useMemo(() => linesOf(events, outgoing, { me, now }), [events, outgoing, me, now])
  const scrolling = useScrolling(lines)
  const { viewport, list, isPinned, toNewest, toOffset, noticed, topOffset } = scrolling
  const older = useOlder(view, { viewport, resumeAt: useState(() => placeIn(tab, channel))[0], toOffset })
  const newest = events.at(-1)?.offset ?? 0
  const news = useNews(events, { isPinned, me })

  useEffect(() => {
    if (isPinned) unread.saw(channel, newest)
  }, [unread, channel, newest, isPinned])

  useEffect(() => {
    const keep = () => keepPlace(tab, channel, isPinned ? undefined : topOffset())
    addEventListener('pagehide', keep)
    return () => removeEventListener('pagehide', keep)
  }, [tab, channel, isPinned, topOffset])

  // What one writes oneself is what one wants to see.
  const count = outgoing.length
  const before = useRef(count)
  useLayoutEffect(() => {
    if (count > before.current) toNewest()
    before.current = count
  }, [count, toNewest])

  return (
    <div className={styles.place}>
      <Scrollable
        ref={viewport}
        className={styles.viewport}
        onScroll={noticed}
        role="log"
        aria-label={`Messages in ${channel}`}
        aria-busy={view.isLoadingOlder}
      >
        <Beginning older={older} />
        <ol ref={list} className={styles.list}>
          {lines.map((line) => (
            <MessageRow
              key={line.message.id}
              message={line.message}
              by={line.by}
              name={nameOf(line, known)}
              isMine={line.by !== undefined && line.by === me}
              begins={line.begins}
              day={line.day}
              onRetry={onRetry}
              onDiscard={discard}
            />
          ))}
        </ol>
      </Scrollable>
      {!isPinned && (
        <Button
          className={styles.newest}
          size="compact-md"
          radius="xl"
          onClick={toNewest}
          leftSection={<Icon name="down" size={16} />}
        >
          {news === 0 ? 'Newest' : news === 1 ? '1 new message' : `${news} new messages`}
        </Button>
      )}
    </div>
  )
}

function Beginning({ older }: { readonly older: ReturnType<typeof useOlder> }): ReactNode {
  if (older.error !== undefined)
    return (
      <div className={styles.beginning} role="alert">
        Older messages could not be read. {older.error.message}
        <Button variant="default" size="compact-sm" onClick={older.load}>
          Try again
        </Button>
      </div>
    )
  if (older.hasOlder)
    return (
      <div ref={older.sentinel} className={styles.beginning}>
        Older messages are on their way.
      </div>
    )
  return <div className={styles.beginning}>Nothing older is kept.</div>
}

function nameOf({ by }: Line, names: ReadonlyMap<string, string>): string {
  return by === undefined ? 'Back end' : names.get(by) || by
}

/** Messages of others that came since the newest one went out of view. */
function useNews(
  events: ChannelState['events'],
  { isPinned, me }: { readonly isPinned: boolean; readonly me: string | undefined },
): number {
  const newest = events.at(-1)?.offset ?? 0
  const [seen, setSeen] = useState(newest)
  if (isPinned && seen !== newest) setSeen(newest)
  if (isPinned) return 0
  let news = 0
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index]
    if (event === undefined || event.offset <= seen) break
    if (event.by === undefined || event.by !== me) news += 1
  }
  return news
}

/** Changes at midnight, when "today" becomes "yesterday". */
function useToday(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const midnight = new Date(now).setHours(24, 0, 0, 0)
    const timer = setTimeout(() => setNow(Date.now()), Math.max(1_000, midnight - Date.now()))
    return () => clearTimeout(timer)
  }, [now])
  return now
}
