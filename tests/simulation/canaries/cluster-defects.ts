import type { Defect } from './defects.ts'

const cluster = (file: string) => `packages/kernel/src/cluster/${file}`

/** Bugs that show where there are several nodes. */
export const clusterDefects: readonly Defect[] = [
  {
    name: 'lost last announcement',
    weights: { announcement_lost: 40 },
    nodes: 3,
    changes: [
      {
        file: cluster('position-check.ts'),
        healthy: '    this.#isWanted = true\n',
        ill: '    if (this.#isWanted === false) return\n',
      },
    ],
  },
  {
    name: 'announcements not merged in order',
    nodes: 3,
    changes: [
      {
        file: 'packages/kernel/src/channels/hub.ts',
        healthy:
          'if (this.#cluster !== undefined && first !== undefined && first.offset > channel.head + 1) {',
        ill: 'if (false) {',
      },
      {
        file: 'packages/kernel/src/channels/hub.ts',
        healthy: 'if (event.offset > channel.head + 1) this.skipTo(channel, event.offset - 1)',
        ill: '',
      },
    ],
  },
  {
    name: 'announcement before its access change',
    weights: { access_change: 60, announcement_late: 20 },
    nodes: 3,
    changes: [
      {
        file: cluster('cluster.ts'),
        healthy: 'const missing = accessLog.upTo(app, control)',
        ill: 'const missing = undefined as Promise<void> | undefined',
      },
      {
        file: cluster('cluster.ts'),
        healthy:
          'if (channel === controlChannel && events !== undefined) accessLog.announced(app, prev, events)',
        ill: '',
      },
    ],
  },
  {
    name: 'dead node stays in keyed state',
    nodes: 3,
    changes: [
      {
        file: cluster('cluster.ts'),
        healthy: '    this.#state.left(node)\n',
        ill: '',
      },
    ],
  },
]
