/** An event as an `EventSource` would hand it over. */
export interface ServerSentEvent {
  readonly name: string
  readonly data: unknown
  readonly id: string
}

/** Reads an event stream as curl does: by HTTP alone. */
export class EventReader {
  readonly response: Response
  readonly events: ServerSentEvent[] = []
  /** Of the newest event that had one, as a browser would send it back. */
  lastEventId = ''
  readonly ended: Promise<void>
  readonly #end: AbortController

  private constructor(response: Response, end: AbortController) {
    this.response = response
    this.#end = end
    this.ended = this.#read().catch(() => undefined)
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const end = new AbortController()
    return new EventReader(await fetch(url, { headers, signal: end.signal }), end)
  }

  close(): void {
    this.#end.abort()
  }

  get messages(): unknown[] {
    return this.events
      .filter(({ name }) => name === 'message')
      .map(({ data }) => (data as { data: unknown }).data)
  }

  async #read(): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const bytes of this.response.body as ReadableStream<Uint8Array>) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) this.#take(block)
    }
  }

  #take(block: string): void {
    const fields = block.split('\n').map((line) => /^(\w*): ?(.*)$/s.exec(line) ?? [])
    const of = (name: string) =>
      fields.filter(([, field]) => field === name).map(([, , value]) => value ?? '')
    this.lastEventId = of('id').at(-1) ?? this.lastEventId
    const data = of('data')
    if (data.length === 0) return
    const name = of('event')[0] ?? 'message'
    this.events.push({ name, data: JSON.parse(data.join('\n')), id: this.lastEventId })
  }
}
