import type { ChannelEvent } from '@parley/client'

const maxEvents = 500

/** The newest events of a channel, so that a page read from the server can be brought up to date. */
export class Journal {
  #events: ChannelEvent[] = []
  /** Everything after this offset is held; undefined: nothing is known. */
  #from: number | undefined

  /** The stream begins, or begins anew, after this offset. */
  begin(offset: number): void {
    this.#events = []
    this.#from = offset
  }

  add(event: ChannelEvent): void {
    this.#events.push(event)
    if (this.#events.length < maxEvents * 2) return
    const dropped = this.#events.splice(0, maxEvents)
    this.#from = dropped.at(-1)?.offset
  }

  /** Words that were erased are not kept here either. */
  erase(seq: number): void {
    this.#events = this.#events.map((event) =>
      seqOf(event) === seq && event.type !== 'chat.deleted'
        ? { ...event, data: null, redacted: true }
        : event,
    )
  }

  /** The events after an offset; undefined when some of them may be missing. */
  since(offset: number): readonly ChannelEvent[] | undefined {
    if (this.#from === undefined || offset < this.#from) return undefined
    return this.#events.filter((event) => event.offset > offset)
  }
}

function seqOf({ type, offset, data }: ChannelEvent): unknown {
  return type === 'chat.sent' ? offset : (data as { readonly seq?: unknown } | null)?.seq
}
