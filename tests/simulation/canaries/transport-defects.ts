import type { Defect } from './defects.ts'

/** Bugs of the transports over HTTP. */
export const transportDefects: readonly Defect[] = [
  {
    name: 'uplink: requests are answered and not taken',
    transport: 'sse',
    nodes: 3,
    changes: [
      {
        file: 'packages/adapters/src/transport/http/link.ts',
        healthy: '    this.#taken = seq\n    this.receive(message)',
        ill: '    this.#taken = seq\n    if (seq % 3 > 0) this.receive(message)',
      },
    ],
  },
]
