import type { Defect } from './defects.ts'

const memory = (file: string) => `packages/kernel/src/memory/${file}`
const world = (file: string) => `packages/kernel/src/simulation/world/${file}`

/** Bugs of a store and its log. */
export const storeDefects: readonly Defect[] = [
  {
    name: 'ack before flush',
    changes: [
      {
        file: memory('store.ts'),
        healthy: '      this.#queue.push({ unit, resolve, reject })',
        ill: `      const heads = new Map<string, number>()
      for (const { unit: earlier } of this.#queue)
        for (const { channel } of earlier.events) {
          const key = earlier.app + channel
          heads.set(key, (heads.get(key) ?? this.#disk.find(earlier.app, channel)?.top.head ?? 0) + 1)
        }
      const positions = unit.events.map(({ channel }) => {
        const key = unit.app + channel
        const offset = (heads.get(key) ?? this.#disk.find(unit.app, channel)?.top.head ?? 0) + 1
        heads.set(key, offset)
        return { epoch: this.#disk.epoch(unit.app, channel), offset }
      })
      this.#queue.push({ unit, resolve: () => undefined, reject: () => undefined })
      resolve({ status: 'committed', positions, control: 0 } as never)`,
      },
    ],
  },
  {
    name: 'commits out of order',
    changes: [
      {
        file: memory('store.ts'),
        healthy: '    const group = this.#queue\n',
        ill: '    const group = this.#queue.reverse()\n',
      },
    ],
  },
  {
    name: 'receipts not stored',
    changes: [
      {
        file: memory('disk.ts'),
        healthy: '    if (unit.receipt !== undefined) {',
        ill: '    if (unit.receipt !== undefined && unit.events.length === 0) {',
      },
    ],
  },
  {
    name: 'unit not whole',
    changes: [
      {
        file: memory('disk.ts'),
        healthy: "    for (const write of unit.writes) if ('key' in write) writeRecord(contents, write)",
        ill: "    for (const write of unit.writes) if ('key' in write && write.key.charCodeAt(write.key.length - 1) % 8 > 0) writeRecord(contents, write)",
      },
    ],
  },
  {
    name: 'log answers with gaps',
    changes: [
      {
        file: memory('channel-log.ts'),
        healthy: '      found.push(event)',
        ill: '      if (event.offset % 50 !== 7 || found.length === 0) found.push(event)',
      },
    ],
  },
  {
    name: 'restored epoch',
    weights: { restore: 20 },
    changes: [
      {
        file: world('database.ts'),
        healthy: 'new SimulatedDisk(this.#random.secret(128))',
        ill: "new SimulatedDisk('always the same')",
      },
    ],
  },
  {
    name: 'crash loses what was acknowledged',
    changes: [
      {
        file: memory('disk.ts'),
        healthy: '    const contents = this.#contents(unit.app)\n    for (const write',
        ill: `    const contents = this.#contents(unit.app)
    const { length } = unit.events
    if (length === 1 && unit.receipt?.scope.endsWith('7') === true) {
      const [{ channel }] = unit.events as readonly [{ channel: string }]
      const offset = (this.find(unit.app, channel)?.top.head ?? 0) + 1
      return { status: 'committed', positions: [{ epoch: this.epoch(unit.app, channel), offset }], control: 0 }
    }
    for (const write`,
      },
    ],
  },
]
