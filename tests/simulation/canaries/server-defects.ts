import type { Defect } from './defects.ts'

const kernel = (file: string) => `packages/kernel/src/${file}`

/** Bugs of a node. */
export const serverDefects: readonly Defect[] = [
  {
    name: 'fan-out before commit',
    changes: [
      {
        file: kernel('commands/publisher.ts'),
        healthy: '    const storing = this.#store(unit)',
        ill: `    for (const event of unit.events) {
      const channel = this.#parts.hub.find(app, event.channel)
      if (channel !== undefined)
        this.#parts.hub.published(app, event.channel, channel.epoch, [stored(event, channel.head + 1)])
    }
    const storing = this.#store(unit)`,
      },
    ],
  },
  {
    name: 'gate without merging',
    changes: [
      {
        file: kernel('channels/fanout.ts'),
        healthy: 'if (member.behind || member.position !== delivery.prev) return',
        ill: '',
      },
    ],
  },
  {
    name: 'position not in the subscribe reply',
    changes: [
      {
        file: kernel('channels/subscribing.ts'),
        healthy: 'position: { epoch: channel.epoch, offset },',
        ill: 'position: request.from ?? { epoch: channel.epoch, offset: 0 },',
      },
    ],
  },
  {
    name: 'late close destroys the new session',
    weights: { link_loss: 200, delay: 0, clock_jump: 0, sigstop: 0, tab_frozen: 0, crash: 0 },
    changes: [
      {
        file: kernel('sessions/sessions.ts'),
        healthy: 'if (session === undefined || session.link !== link) return',
        ill: 'if (session === undefined) return',
      },
      {
        file: kernel('sessions/sessions.ts'),
        healthy: "        late.close('replaced')\n",
        ill: '',
      },
    ],
  },
  {
    name: 'refused calls are overtaken',
    weights: { rate_limit: 30 },
    changes: [
      {
        file: kernel('commands/fences.ts'),
        healthy:
          '  return fence !== undefined && heard < fence.number && id > fence.id ? fence.error : undefined',
        ill: '  return id < 0 && heard < 0 ? fence?.error : undefined',
      },
    ],
  },
  {
    name: 'refused calls are overtaken by those at work',
    weights: { failed_commit: 60, unknown_outcome: 60 },
    changes: [
      {
        file: kernel('commands/unit-runner.ts'),
        healthy: '      takeTurn(caller, orderKey)\n',
        ill: '',
      },
      {
        file: kernel('commands/unit-runner.ts'),
        healthy: '      keepOrder(prepared.caller, prepared.orderKey)\n',
        ill: '',
      },
    ],
  },
  {
    name: 'idempotency looked up after the rules',
    changes: [
      {
        file: kernel('commands/dispatch.ts'),
        healthy: 'receipt: this.#findReceipt(scope)',
        ill: 'receipt: undefined',
      },
    ],
  },
  {
    name: 'pipelined commands reversed',
    changes: [
      {
        file: kernel('sessions/link.ts'),
        healthy: '    const frames = decodeClientMessage(text)\n',
        ill: `    const frames = [...decodeClientMessage(text)]
    if (frames.every((one) => 'frame' in one && one.frame.op === 'call')) frames.reverse()
`,
      },
    ],
  },
  {
    name: 'calls of a session not ordered',
    changes: [
      {
        file: kernel('commands/dispatch.ts'),
        healthy: 'else caller.lanes.run(prepared.orderKey, job)',
        ill: 'else void job()',
      },
    ],
  },
  {
    name: 'refused for good behind what is refused for now',
    weights: { failed_commit: 60 },
    changes: [
      {
        file: kernel('commands/dispatch.ts'),
        healthy: 'return error.retryable ? error : (heldBehind(caller, orderKey) ?? error)',
        ill: 'return error',
      },
    ],
  },
  {
    name: 'replay unpaced',
    weights: { slow_reader: 60, stalled_reader: 60 },
    changes: [
      {
        file: kernel('channels/outbox.ts'),
        healthy: `    if (this.isBlocked) {
      this.#fanout.blocked(this)
      return false
    }
    const turn`,
        ill: '    const turn',
      },
      {
        file: kernel('channels/outbox.ts'),
        healthy:
          'if (connection === undefined || connection.bufferedBytes > this.#limits.highWaterBytes) return false',
        ill: 'if (connection === undefined) return false',
      },
    ],
  },
  {
    name: 'unbounded queue',
    weights: { slow_reader: 60, stalled_reader: 60 },
    changes: [
      {
        file: kernel('channels/outbox.ts'),
        healthy: 'return connection === undefined || connection.bufferedBytes > this.#limits.highWaterBytes',
        ill: 'return connection === undefined',
      },
      {
        file: kernel('channels/outbox.ts'),
        healthy:
          'if (connection === undefined || connection.bufferedBytes > this.#limits.highWaterBytes) return false',
        ill: 'if (connection === undefined) return false',
      },
    ],
  },
  {
    name: 'skipped position',
    changes: [
      {
        file: kernel('channels/channel.ts'),
        healthy: '    this.#pending.push(entry)',
        ill: '    if (stored.offset % 40 !== 0) this.#pending.push(entry)',
      },
    ],
  },
  {
    name: 'stale permission',
    weights: { access_change: 80 },
    changes: [
      {
        file: kernel('sessions/sessions.ts'),
        healthy: `        this.#parts.permissions.forget(app, change)
        for (const session of this.of(app, change.user)) this.#leave`,
        ill: '        for (const session of this.of(app, change.user)) this.#leave',
      },
    ],
  },
  {
    name: 'kicked user goes on reading',
    weights: { access_change: 80 },
    changes: [
      {
        file: kernel('sessions/sessions.ts'),
        healthy: 'for (const session of this.of(app, change.user)) this.#leave',
        ill: 'for (const session of this.of(app, change.user).slice(1)) this.#leave',
      },
    ],
  },
  {
    name: 'batch across a membership change',
    weights: { subscribe: 60, unsubscribe: 40 },
    changes: [
      {
        file: kernel('channels/subscribing.ts'),
        healthy: '    this.#parts.fanout.seal(channel)\n',
        ill: '',
      },
      {
        file: kernel('channels/subscribing.ts'),
        healthy: '? (request.from as Position).offset : channel.sealed',
        ill: '? (request.from as Position).offset : channel.head',
      },
      {
        file: kernel('channels/subscribing.ts'),
        healthy: "channel.kind.durability === 'ephemeral') return channel.sealed",
        ill: "channel.kind.durability === 'ephemeral') return channel.head",
      },
      {
        file: kernel('channels/fanout.ts'),
        healthy: 'if (member.behind || member.position !== delivery.prev) return',
        ill: 'if (member.behind) return',
      },
    ],
  },
  {
    name: 'recovered, whatever the epoch',
    changes: [
      {
        file: kernel('channels/recovery.ts'),
        healthy: "if (from.epoch !== stream.epoch) return { recovered: false, reason: 'epoch_changed' }",
        ill: '',
      },
    ],
  },
  {
    name: 'recovered beyond retention',
    class: 'recent',
    weights: { link_loss: 80, reload: 80 },
    changes: [
      {
        file: kernel('channels/recovery.ts'),
        healthy: 'if (from.offset < stream.head && from.offset + 1 < stream.available)',
        ill: 'if (false)',
      },
      {
        file: kernel('channels/outbox.ts'),
        healthy: '    if (!inOrder) {',
        ill: '    if (false) {',
      },
    ],
  },
  {
    name: 'channels shared by apps',
    changes: [
      {
        file: kernel('channels/hub.ts'),
        healthy: 'export function channelKey(app: string, name: string): string {',
        ill: "export function channelKey(app: string, name: string): string {\n  if (app !== '') return name",
      },
    ],
  },
  {
    name: 'ring serves what is redacted',
    weights: { redact: 60, subscribe: 40, unsubscribe: 30 },
    changes: [
      {
        file: kernel('channels/channel.ts'),
        healthy: '    this.#ring.redact(offset)\n',
        ill: '',
      },
    ],
  },
  {
    name: 'keyed state outlives its session',
    changes: [
      {
        file: kernel('sessions/session.ts'),
        healthy: 'if (channel.state.removeSession(this.id)) this.#services.fanout.stateChanged(channel)',
        ill: 'this.#stateIn?.delete(channel)',
      },
    ],
  },
  {
    name: 'expired token goes on',
    weights: { token_expiry: 120, reload: 0 },
    changes: [
      {
        file: kernel('sessions/link.ts'),
        healthy: '    if (graceLeftMs <= 0) {',
        ill: '    if (false) {',
      },
    ],
  },
  {
    name: 'unknown outcome not looked into',
    weights: { unknown_outcome: 80 },
    changes: [
      {
        file: kernel('commands/publisher.ts'),
        healthy: 'if (mayBeStored(error)) {',
        ill: 'if (false) {',
      },
    ],
  },
]
