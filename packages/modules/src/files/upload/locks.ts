import type { Clock, ModuleServices } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'

interface Holder {
  readonly stop: AbortController
  readonly released: Promise<void>
}

/** The current holder is asked to stop, and has so long. */
const patienceMs = 20_000

/**
 * One at a time by key. Who comes asks the holder to stop and takes its place: a client that lost its connection comes
 * back while the server still waits for bytes of the old one.
 */
export class Locks {
  readonly #clock: () => Clock
  readonly #holders = new Map<string, Holder>()

  constructor(services: () => Pick<ModuleServices, 'clock'>) {
    this.#clock = () => services().clock
  }

  /** @throws ParleyError `conflict` when the holder does not stop in time */
  async run<T>(key: string, work: (stopped: AbortSignal) => Promise<T>): Promise<T> {
    for (let holder = this.#holders.get(key); holder !== undefined; holder = this.#holders.get(key)) {
      holder.stop.abort()
      await this.#within(holder.released)
    }
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const stop = new AbortController()
    this.#holders.set(key, { stop, released })
    try {
      return await work(stop.signal)
    } finally {
      this.#holders.delete(key)
      release()
    }
  }

  #within(released: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock().after(patienceMs, () =>
        reject(new ParleyError('conflict', 'Another request is busy with this file. Try again.')),
      )
      void released.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}

/**
 * Bytes until they end, or until somebody stops it.
 *
 * @throws ParleyError `conflict` when stopped
 */
export async function* untilStopped(
  bytes: AsyncIterable<Uint8Array>,
  stopped: AbortSignal,
): AsyncIterable<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  const { promise: stop, reject } = Promise.withResolvers<never>()
  // The race below may be over when it is rejected.
  stop.catch(() => undefined)
  const onAbort = () => reject(new ParleyError('conflict', 'Another request goes on with this upload.'))
  if (stopped.aborted) onAbort()
  stopped.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stop])
      if (next.done === true) return
      yield next.value
    }
  } finally {
    stopped.removeEventListener('abort', onAbort)
    // Not awaited: a source that waits for the network ends when its connection does.
    void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}
