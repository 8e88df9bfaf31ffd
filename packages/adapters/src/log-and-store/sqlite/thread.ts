import { Worker } from 'node:worker_threads'

/** A thread of the store, with typed messages. */
export interface Thread<To> {
  post(message: To): void
  /** Fulfilled when it has ended. */
  readonly ended: Promise<void>
}

export interface ThreadHandlers<From> {
  receive(message: From): void
  /** The thread has ended; `reason` says why. Called once. */
  gone(reason: string): void
}

/** Starts a thread of the store from its file, in source as in the built package. */
export function startThread<To, From>(
  name: 'writer' | 'reader' | 'checkpointer',
  workerData: unknown,
  handlers: ThreadHandlers<From>,
): Thread<To> {
  // Written out, as compilers do not rewrite extensions in URLs.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./${name}/${name}.${extension}`, import.meta.url), {
    name: `sqlite-${name}`,
    // Options of the process are for its main file; some (`--input-type`) would keep a thread from starting.
    execArgv: [],
    workerData,
  })
  let reason = 'it ended'
  worker.on('message', (message: From) => handlers.receive(message))
  worker.on('error', (error) => {
    reason = error instanceof Error ? error.message : String(error)
  })
  const ended = new Promise<void>((resolve) =>
    worker.on('exit', () => {
      handlers.gone(reason)
      resolve()
    }),
  )
  return {
    ended,
    post: (message) => worker.postMessage(message),
  }
}
