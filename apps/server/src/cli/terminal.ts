import { text } from 'node:stream/consumers'

/** Where a command writes to and reads from. */
export interface Terminal {
  /** What was asked for, a line or more; whole lines stay whole. */
  out(text: string): void
  /** What people want to know beside it. */
  err(text: string): void
  /** Overwrites the line that stands on the terminal; an empty text takes it away. Nothing happens without a terminal. */
  line(text: string): void
  /** Somebody looks on: progress may be shown. */
  readonly isInteractive: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  /** All that is piped in. */
  input(): Promise<string>
  /** Fulfilled when the program is asked to stop. Whoever asks twice is in a hurry: that ends it. */
  stopped(): Promise<void>
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, stdin } = process
  const isInteractive = stderr.isTTY === true
  let hasLine = false
  const line = (shown: string) => {
    if (!isInteractive) return
    if (shown === '' && !hasLine) return
    hasLine = shown !== ''
    stderr.write(`\r\x1b[2K${shown.slice(0, Math.max(20, (stderr.columns ?? 80) - 1))}`)
  }
  const write = (stream: NodeJS.WriteStream, shown: string) => {
    line('')
    stream.write(`${shown}\n`)
  }
  // A reader that has had enough (`| head`) is no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    ...{ line, isInteractive, environment: process.env, directory: process.cwd() },
    out: (shown) => write(stdout, shown),
    err: (shown) => write(stderr, shown),
    input: () => (stdin.isTTY ? Promise.resolve('') : text(stdin)),
    stopped: stopSignal,
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0
    const stop = () => {
      asked += 1
      if (asked === 1) resolve()
      else process.exit(130)
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
