import type { ClientFrame } from '@parley/protocol'
import type { WebSocketLike } from '../transports/websocket.ts'
import { settle } from './manual-clock.ts'
import { welcome } from './scripted-server.ts'

/** A socket whose far end is the test. */
export class ScriptedSocket implements WebSocketLike {
  readyState = 0
  readonly bufferedAmount = 0
  onopen: (() => void) | null = null
  onmessage: ((event: { readonly data: string }) => void) | null = null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null
  onerror: (() => void) | null = null
  readonly frames: ClientFrame[] = []
  closedWith: number | undefined

  send(text: string): void {
    for (const line of text.split('\n')) this.frames.push(JSON.parse(line) as ClientFrame)
  }

  close(code?: number): void {
    this.closedWith = code
  }

  async reply(frame: object): Promise<void> {
    this.onmessage?.({ data: JSON.stringify(frame) })
    await settle()
  }

  /** Opens, accepts the client, and lets it hear everyone. */
  async accept(): Promise<void> {
    this.readyState = 1
    this.onopen?.()
    await settle()
    await this.reply({ op: 'reply', id: 1, ok: welcome })
  }

  async end(code: number, reason = ''): Promise<void> {
    this.onclose?.({ code, reason })
    await settle()
  }
}
