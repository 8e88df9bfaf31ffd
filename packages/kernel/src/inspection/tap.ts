import type { Clock } from '../ports/clock.ts'
import type { Connection, OutgoingFrame } from '../ports/transport.ts'
import type { ConnectionRecord } from './inspection.ts'

/** Longest text of a frame that is recorded; `bytes` tells how long it was. */
const maxTextLength = 4_096
const secrets = /"(token|secret)"\s*:\s*"(?:[^"\\]|\\.)*"/g

/** Records what goes over a session's connections, while somebody looks at it. */
export class Tap {
  readonly #clock: Clock
  readonly #record: (record: ConnectionRecord) => void
  readonly #ignores: (frame: string) => boolean
  #pingedAt: number | undefined

  /** @param ignores frames that are not recorded: those by which the looking itself is done */
  constructor(clock: Clock, record: (record: ConnectionRecord) => void, ignores: (frame: string) => boolean) {
    this.#clock = clock
    this.#record = record
    this.#ignores = ignores
  }

  received(text: string): void {
    this.#frames('in', text)
  }

  sent(text: string): void {
    this.#frames('out', text)
  }

  opened(): void {
    this.#pingedAt = undefined
    this.#record({ what: 'opened', at: this.#clock.now() })
  }

  closed(code: number, reason: string): void {
    this.#record({ what: 'closed', at: this.#clock.now(), code, reason })
  }

  /** The connection as the session is to use it while it is looked at. */
  around(connection: Connection): Connection {
    const sent = (frame: OutgoingFrame) => this.sent(frame.text)
    return {
      get bufferedBytes() {
        return connection.bufferedBytes
      },
      send(frame) {
        sent(frame)
        connection.send(frame)
      },
      cork: () => connection.cork(),
      uncork: () => connection.uncork(),
      close: (code, reason) => connection.close(code, reason),
    }
  }

  #frames(direction: 'in' | 'out', message: string): void {
    const at = this.#clock.now()
    for (const frame of message.split('\n')) {
      if (frame === '' || this.#ignores(frame)) continue
      this.#record({
        ...{ what: 'frame', at, direction, bytes: frame.length },
        text: frame.replace(secrets, '"$1":"[secret]"').slice(0, maxTextLength),
      })
      this.#time(direction, frame, at)
    }
  }

  /** A ping and its answer tell how long the way there and back takes. */
  #time(direction: 'in' | 'out', frame: string, at: number): void {
    if (direction === 'out' && frame === '{"op":"ping"}') this.#pingedAt ??= this.#clock.elapsed()
    if (direction !== 'in' || this.#pingedAt === undefined || !frame.startsWith('{"op":"pong"')) return
    this.#record({ what: 'round_trip', at, ms: this.#clock.elapsed() - this.#pingedAt })
    this.#pingedAt = undefined
  }
}
