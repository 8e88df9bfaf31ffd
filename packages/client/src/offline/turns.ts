/** What tabs that share an outbox tell each other. */
export type Notice =
  | { readonly type: 'changed' }
  | { readonly type: 'answered'; readonly id: string; readonly output: unknown }
  | { readonly type: 'discarded'; readonly id: string }
  | { readonly type: 'wiped' }

/** Which of several tabs sends what all have written, and word among them. */
export interface Turns {
  /** It is ours to send. */
  readonly isOurs: boolean
  /** Calls `heard` with what others tell, and with nothing when it has become our turn, until the returned function is called. */
  watch(heard: (notice?: Notice) => void): () => void
  tell(notice: Notice): void
  /** Gives the turn to another. */
  close(): void
}

/** For a store that nobody else has. */
const alwaysOurs: Turns = {
  isOurs: true,
  watch: () => () => undefined,
  tell: () => undefined,
  close: () => undefined,
}

/**
 * The turn is that of the oldest tab, and passes on when it is closed or crashes. Where a browser has no locks or no
 * broadcasts, each tab takes every turn: keys keep that from doubling anything.
 */
export function browserTurns(name: string): Turns {
  const { navigator, BroadcastChannel: Broadcast } = globalThis as {
    navigator?: Partial<Pick<Navigator, 'locks'>>
    BroadcastChannel?: typeof BroadcastChannel
  }
  const locks = navigator?.locks
  if (locks === undefined || Broadcast === undefined || !('document' in globalThis)) return alwaysOurs
  const end = new AbortController()
  const channel = new Broadcast(name)
  let isOurs = false
  let heard: (notice?: Notice) => void = () => undefined
  locks
    .request(name, { signal: end.signal }, () => {
      isOurs = true
      heard()
      return new Promise<void>((release) => end.signal.addEventListener('abort', () => release()))
    })
    .catch(() => undefined)
  channel.onmessage = ({ data }: MessageEvent<Notice>) => heard(data)
  return {
    get isOurs() {
      return isOurs
    },
    watch(listener) {
      heard = listener
      return () => {
        heard = () => undefined
      }
    },
    tell: (notice) => channel.postMessage(notice),
    close() {
      isOurs = false
      // What was told last still arrives.
      end.abort()
      channel.close()
    },
  }
}
