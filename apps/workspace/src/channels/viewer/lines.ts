import type { ChannelEvent } from '@parley/client'
import type { OutgoingEvent } from '@parley/react'

/** One message of the list, as it stands among its neighbours. */
export interface Line {
  readonly message: ChannelEvent | OutgoingEvent
  /** User id of the author; undefined for a back end. */
  readonly by: string | undefined
  /** Somebody begins to speak: the line carries their name. */
  readonly begins: boolean
  /** The first of its day, as the words for that day. */
  readonly day: string | undefined
}

const pauseMs = 5 * 60_000

/** The lines of a channel, oldest first: what is stored, then what is on its way. */
export function linesOf(
  events: readonly ChannelEvent[],
  outgoing: readonly OutgoingEvent[],
  reader: { readonly me: string | undefined; readonly now: number },
): readonly Line[] {
  const lines: Line[] = []
  let before: { readonly by: string | undefined; readonly at: number } | undefined
  const add = (message: Line['message'], by: string | undefined, at: number) => {
    const isNewDay = before === undefined || !isSameDay(before.at, at)
    const begins = before === undefined || isNewDay || before.by !== by || at - before.at > pauseMs
    lines.push({ message, by, begins, day: isNewDay ? dayWords(at, reader.now) : undefined })
    before = { by, at }
  }
  for (const event of events) add(event, event.by, event.at)
  // Its time is the server's to give: until then it belongs to the last line.
  for (const event of outgoing) add(event, reader.me, Math.max(before?.at ?? 0, startOfDay(reader.now)))
  return lines
}

function isSameDay(a: number, b: number): boolean {
  return startOfDay(a) === startOfDay(b)
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** `Today`, `Yesterday`, else the date. */
export function dayWords(at: number, now: number): string {
  const day = startOfDay(at)
  if (day === startOfDay(now)) return 'Today'
  const yesterday = new Date(now)
  yesterday.setDate(yesterday.getDate() - 1)
  if (day === startOfDay(yesterday.getTime())) return 'Yesterday'
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return new Date(at).toLocaleDateString([], {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(isThisYear ? {} : { year: 'numeric' }),
  })
}
