import type { Clock } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'

export interface RehearsalOptions {
  readonly clock: Clock
  /** How long an answer may take, in ms. */
  readonly patienceMs: number
}

const ping = '{"op":"ping"}'
/** Nobody has connected: there is no session that this would end. */
const over = 1000

/** Whether the server answers a ping over a new link of a transport. The link carries nothing else, and is closed. */
export function rehearse(
  transport: ClientTransport,
  url: string,
  { clock, patienceMs }: RehearsalOptions,
): { readonly answered: Promise<boolean>; readonly cancel: () => void } {
  let cancel: () => void = () => undefined
  const answered = new Promise<boolean>((resolve) => {
    let isOver = false
    const end = (isAlive: boolean, code?: number): void => {
      if (isOver) return
      isOver = true
      timer.cancel()
      if (code !== undefined) link.close(code, 'rehearsal')
      resolve(isAlive)
    }
    const timer = clock.after(patienceMs, () => end(false, over))
    const link = transport.open(url, {
      opened: () => link.send(ping),
      received: (text) => {
        if (text.includes('"op":"pong"')) end(true, over)
      },
      closed: () => end(false),
    })
    cancel = () => end(false, over)
  })
  return { answered, cancel }
}
