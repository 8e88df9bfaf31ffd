import type { Defect } from './defects.ts'

const client = (file: string) => `packages/client/src/${file}`

/** Bugs of what tabs use besides the client. */
export const extraDefects: readonly Defect[] = [
  {
    name: 'outbox: forgets what it has sent',
    with: ['outbox'],
    changes: [
      {
        file: client('offline/outbox.ts'),
        healthy: 'this.#isConnected) for (const record of fresh) this.#call(record)\n',
        ill: `this.#isConnected) for (const record of fresh) this.#call(record)
    if (this.#canSend) void this.#mirror.remove(fresh.map(({ seq }) => seq))
`,
      },
    ],
  },
  {
    name: 'outbox: another key in each life',
    with: ['outbox'],
    changes: [
      {
        file: client('offline/outbox.ts'),
        healthy: 'const how = { key: id, signal',
        ill: 'const how = { key: id + (this.#life ??= this.#clock.now()), signal',
      },
      {
        file: client('offline/outbox.ts'),
        healthy: '  #isClosed = false\n',
        ill: '  #isClosed = false\n  #life: number | undefined\n',
      },
    ],
  },
  {
    name: 'outbox: newest first',
    with: ['outbox'],
    changes: [
      {
        file: client('offline/outbox.ts'),
        healthy: '    const fresh = due.filter((record) => !old.includes(record))\n',
        ill: '    const fresh = due.filter((record) => !old.includes(record)).reverse()\n',
      },
    ],
  },
  {
    name: 'tabs: the next leader does not know where a tab stood',
    with: ['tabs'],
    changes: [
      {
        file: client('tabs/relayed-channel.ts'),
        healthy: '      ...{ from, recent, filter, state, occupancy, silent },\n',
        ill: '      ...{ from: undefined && from, recent, filter, state, occupancy, silent },\n',
      },
    ],
  },
  {
    name: 'tabs: nobody is told the number of a refusal',
    with: ['tabs'],
    changes: [
      {
        file: client('tabs/relayed-link.ts'),
        healthy: 'id, ...(frame.fence === undefined ? {} : { fence }) }),',
        ill: 'id }),',
      },
      {
        file: client('tabs/relayed-link.ts'),
        healthy: 'this.#refused(id, answer.error, answer.fence !== undefined)',
        ill: 'this.#refused(id, answer.error)',
      },
    ],
  },
  {
    name: 'fallback: the next transport is not told what was said',
    with: ['fallback'],
    changes: [
      {
        file: client('transports/fallback-attempt.ts'),
        healthy: '    for (const text of this.#sent) lane.link?.send(text)\n',
        ill: `    if (lane.candidate.transport.name === 'websocket') for (const text of this.#sent) lane.link?.send(text)
`,
      },
    ],
  },
]
