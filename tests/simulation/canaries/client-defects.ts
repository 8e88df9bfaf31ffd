import type { Defect } from './defects.ts'

const client = (file: string) => `packages/client/src/${file}`

/** Bugs of the client engine. */
export const clientDefects: readonly Defect[] = [
  {
    name: 'client hands over what it has had',
    weights: { subscribe: 60, unsubscribe: 40 },
    changes: [
      {
        file: client('subscriptions/channel-stream.ts'),
        healthy: 'if (behind.has(handle) || (isPositioned && event.offset <= handle.offset)) continue',
        ill: 'if (behind.has(handle)) continue',
      },
    ],
  },
  {
    name: 'client makes a new key for each repeat',
    changes: [
      {
        file: client('outbox.ts'),
        healthy: '    const { command, input, key, lane, traceparent } = call\n',
        ill: '    const { command, input, lane, traceparent } = call\n    const key = call.key + this.#options.clock.now()\n',
      },
    ],
  },
  {
    name: 'client repeats its calls newest first',
    changes: [
      {
        file: client('outbox.ts'),
        healthy: "const waiting = [...this.#calls].filter(([, call]) => call.state === 'waiting')",
        ill: "const waiting = [...this.#calls].filter(([, call]) => call.state === 'waiting').reverse()",
      },
    ],
  },
  {
    name: 'client subscribes anew without its position',
    changes: [
      {
        file: client('subscriptions/channel-stream.ts'),
        healthy: '      from,\n      recent: recent || undefined,',
        ill: '      recent: recent || undefined,',
      },
    ],
  },
  {
    name: 'client keeps keyed state that is gone',
    changes: [
      {
        file: client('subscriptions/keyed-state.ts'),
        healthy:
          '    for (const key of removed) this.#entries.delete(key)\n    this.#instance = snapshot.instance',
        ill: '    this.#instance = snapshot.instance',
      },
    ],
  },
  {
    name: 'client leaves its timers behind',
    changes: [
      {
        file: client('connection/connection.ts'),
        healthy: '    this.#heartbeat.stop()\n',
        ill: '',
      },
    ],
  },
]
