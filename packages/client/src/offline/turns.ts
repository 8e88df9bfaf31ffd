import { Leadership } from '../tabs/leadership.ts'
import { browserPlatform, type TabsChannel } from '../tabs/tabs-platform.ts'

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
  /** Calls `heard` with what others tell, and with nothing when turns have changed; returns the function that ends it. */
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
  const platform = browserPlatform()
  if (platform === undefined) return alwaysOurs
  const leadership = new Leadership(platform, name)
  const turns = leadershipTurns(leadership, platform.channel(name))
  return {
    get isOurs() {
      return turns.isOurs
    },
    watch: turns.watch,
    tell: turns.tell,
    close() {
      turns.close()
      leadership.close()
    },
  }
}

/** The turn is that of the tab that leads. */
export function leadershipTurns(leadership: Leadership, channel: TabsChannel): Turns {
  return {
    get isOurs() {
      return leadership.isLeader
    },
    watch(heard) {
      channel.hear((message) => heard(message as Notice))
      const unwatch = leadership.watch(() => heard())
      return () => {
        channel.hear(() => undefined)
        unwatch()
      }
    },
    tell: (notice) => channel.tell(notice),
    close: () => channel.close(),
  }
}
