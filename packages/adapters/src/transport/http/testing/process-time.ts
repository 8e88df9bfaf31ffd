import { randomBytes } from 'node:crypto'
import type { LinkClock } from '../link-clock.ts'

/** The time of this process; keeps no process alive. */
export const processTime: LinkClock = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  elapsed: () => performance.now(),
  defer: (run) => void setImmediate(run),
  secret: (bits) => randomBytes(Math.ceil(bits / 8)).toString('base64url'),
}
