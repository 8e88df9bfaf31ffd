/** An event that is to be published. */
export interface Publication {
  readonly channel: string
  readonly type: string
  readonly data: unknown
  readonly by?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** Something that webhooks tell of. Names are those that clients of Pusher use. */
export type Notice =
  | { readonly type: 'occupancy'; readonly channel: string; readonly isThere: boolean }
  | { readonly type: 'member'; readonly channel: string; readonly user: string; readonly isThere: boolean }
  | { readonly type: 'cache_miss'; readonly channel: string }
  | {
      readonly type: 'client_event'
      readonly channel: string
      readonly event: string
      readonly data: string
      readonly socket: string
      readonly user: string | undefined
    }

/** What the transport has done by the node. */
export interface PusherHub {
  /**
   * Publishes all or nothing; publications of the same order one after the other.
   *
   * @throws ParleyError `payload_too_large`, `rate_limited`, `unavailable`
   */
  publish(app: string, events: readonly Publication[], order: string): Promise<void>
  /** The keyed state of a channel on all nodes, as entries. */
  state(app: string, channel: string): Promise<readonly HubStateEntry[]>
  /** The newest events of a channel, oldest first; `before`: those below an offset. */
  recent(
    app: string,
    channel: string,
    query: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<readonly HubEvent[]>
  /** Has webhooks told, where somebody wants to be; never fails. */
  note(app: string, notice: Notice): void
}

export interface HubEvent {
  readonly type: string
  readonly data: unknown
  /** In ms since 1970. */
  readonly at: number
  readonly redacted?: boolean
}

export interface HubStateEntry {
  readonly key: string
  readonly name: string
  readonly user?: string
  readonly session?: string
  readonly value: unknown
}
