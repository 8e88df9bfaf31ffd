import type { ServerResponse } from 'node:http'
import type { OutgoingFrame } from '@parley/kernel'
import type { Encoding } from './encoding.ts'
import { closeLine, type Downlink, type HttpLink } from './link.ts'
import { Outlet } from './outlet.ts'

/** A downlink in one response that goes on: newline-delimited JSON, or server-sent events. */
export class StreamDownlink implements Downlink {
  readonly #outlet: Outlet

  /** The head of the response is written. */
  constructor(response: ServerResponse, encoding: Encoding, link: HttpLink) {
    this.#outlet = new Outlet(response, encoding, {
      drained: () => link.drained(),
      over: () => link.over(),
    })
  }

  get bufferedBytes(): number {
    return this.#outlet.bufferedBytes
  }

  send(frame: OutgoingFrame): void {
    this.#outlet.write(frame)
  }

  cork(): void {
    this.#outlet.cork()
  }

  uncork(): void {
    this.#outlet.uncork()
  }

  end(code: number, reason: string): void {
    this.#outlet.write({ text: closeLine(code, reason) })
    this.#outlet.end()
  }

  destroy(): void {
    this.#outlet.destroy()
  }
}
