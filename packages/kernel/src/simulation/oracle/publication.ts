/** Something that a publisher has sent, as the publisher knows it. */
export interface Publication {
  readonly id: string
  readonly app: string
  readonly channel: string
  /** Who sends; those of one sender into one channel have an order. */
  readonly sender: string
  readonly user: string | undefined
  /** The how manieth of its sender in this channel. */
  readonly seq: number
  readonly isEven: boolean
  /** Id of the one that it edits. */
  readonly target: string | undefined
  /** Type without the module's name. */
  readonly type: string
  /** Virtual times. */
  readonly calledAt: number
  ackedAt: number | undefined
  /** Where it is, as its publisher was told. */
  place: { readonly epoch: string; readonly offset: number } | undefined
  /** `refused`: the publisher was told that it will not be done. */
  state: 'open' | 'acked' | 'refused' | 'unknown'
  /** Nodes that it was sent to. */
  readonly sentTo: Set<string>
  /**
   * It is not durable and was sent to several nodes, which do not know each other's answers to what is not durable: it
   * may be there more than once.
   */
  mayDouble: boolean
  /** Its sender was told that it failed, or nobody waits for its answer: it may be overtaken. */
  hasNoOrder: boolean
  /** An outbox has it on its disk: it must come to pass, unless the server refuses it. */
  isKept: boolean
  /** Somebody has asked for its redaction: when, and when that was answered. */
  redaction: { readonly calledAt: number; doneAt: number | undefined } | undefined
}
