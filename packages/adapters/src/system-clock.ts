import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from '@parley/kernel'

/** Node's longest timer, 2³¹ - 1 ms (24.8 days): a longer one would fire at once. */
const longestTimerMs = 2_147_483_647

/** Random bytes are fetched so many at a time: a call into the system costs the same for one as for all. */
const poolBytes = 4_096

/** The time, the timers and the randomness of this machine. Timers do not keep the process alive. */
export function systemClock(): Clock {
  const pool = new SecretPool()
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after: (delayMs, run) => new SystemTimer(delayMs, run),
    defer: (run) => void setImmediate(run),
    random: () => Math.random(),
    secret: (bits) => pool.take(Math.ceil(bits / 8)).toString('base64url'),
  }
}

/** Hands out random bytes, each once. */
class SecretPool {
  #bytes = Buffer.alloc(0)
  #next = 0

  take(length: number): Buffer {
    if (length > poolBytes) return randomBytes(length)
    if (this.#next + length > this.#bytes.length) {
      this.#bytes = randomBytes(poolBytes)
      this.#next = 0
    }
    this.#next += length
    return this.#bytes.subarray(this.#next - length, this.#next)
  }
}

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout

  constructor(delayMs: number, run: () => void) {
    this.#handle = this.#wait(delayMs, run)
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #wait(delayMs: number, run: () => void): NodeJS.Timeout {
    if (delayMs <= longestTimerMs) return setTimeout(run, delayMs).unref()
    const goOn = () => {
      this.#handle = this.#wait(delayMs - longestTimerMs, run)
    }
    return setTimeout(goOn, longestTimerMs).unref()
  }
}
