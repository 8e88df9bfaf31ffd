/** Something that may be called with the arguments of an event. Written as a method, so that listeners may say what they expect. */
type AnyCall = { call(...args: unknown[]): void }['call']

/** Events that nobody has typed. */
export interface DefaultEvents {
  [event: string]: AnyCall
}

type Callable = (...args: never[]) => unknown

export type EventNames<Events> = keyof Events & string
export type ListenerOf<Events, Event extends keyof Events> = Events[Event] extends Callable
  ? Events[Event]
  : never
export type ArgumentsOf<Events, Event extends keyof Events> = Events[Event] extends Callable
  ? Parameters<Events[Event]>
  : never

/** A listener as it is kept. */
export type Listener = (...args: unknown[]) => unknown

const reserved = new Set([
  ...['connect', 'connect_error', 'disconnect', 'disconnecting'],
  ...['newListener', 'removeListener'],
])

/**
 * The name of an event that is to be sent.
 *
 * @throws Error for one that the library tells by itself
 */
export function sendable(event: string): string {
  if (reserved.has(event)) throw new Error(`"${event}" is a reserved event name`)
  return event
}

/** The arguments without the ack at their end, and the ack. */
export function splitAck(args: readonly unknown[]): {
  readonly rest: readonly unknown[]
  readonly ack: Listener | undefined
} {
  const last = args.at(-1)
  if (typeof last !== 'function') return { rest: args, ack: undefined }
  return { rest: args.slice(0, -1), ack: last as Listener }
}

/** Listeners by event, called in their order. */
export class Listeners {
  #byEvent: Map<string, { readonly listener: Listener; readonly isOnce: boolean }[]> | undefined

  add(event: string, listener: Listener, isOnce = false): void {
    this.#byEvent ??= new Map()
    const known = this.#byEvent.get(event)
    // Who is told now is not told of listeners that are added meanwhile.
    this.#byEvent.set(event, [...(known ?? []), { listener, isOnce }])
  }

  remove(event?: string, listener?: Listener): void {
    if (event === undefined) {
      this.#byEvent = undefined
      return
    }
    const left =
      listener === undefined
        ? []
        : (this.#byEvent?.get(event) ?? []).filter((one) => one.listener !== listener)
    if (left.length === 0) this.#byEvent?.delete(event)
    else this.#byEvent?.set(event, left)
  }

  /** Answers whether anybody listened. */
  tell(event: string, args: readonly unknown[], self?: unknown): boolean {
    const found = this.#byEvent?.get(event)
    if (found === undefined) return false
    for (const { listener, isOnce } of found) {
      if (isOnce) this.remove(event, listener)
      listener.apply(self, args as unknown[])
    }
    return true
  }

  of(event: string): readonly Listener[] {
    return (this.#byEvent?.get(event) ?? []).map(({ listener }) => listener)
  }

  events(): readonly string[] {
    return [...(this.#byEvent?.keys() ?? [])]
  }

  copyTo(other: Listeners): void {
    for (const [event, list] of this.#byEvent ?? [])
      for (const { listener, isOnce } of list) other.add(event, listener, isOnce)
  }
}
