/** The end of an IPC channel that `fork` or `spawn` with `ipc` gives to both processes. */
export interface Port {
  send?(message: object): boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
}

export type Answers = Readonly<Record<string, (input: never) => unknown>>

/** Questions and answers between two processes. */
export interface Link {
  /** Fulfilled with the other side's answer; rejected with the message of the error it threw. */
  ask<Output>(name: string, input?: unknown): Promise<Output>
  /** Rejects every question that has no answer yet. */
  fail(error: Error): void
}

interface Question {
  readonly ask: string
  readonly id: number
  readonly input: unknown
}
interface Answer {
  readonly answer: number
  readonly output?: unknown
  readonly error?: string
}

/** Lets this process ask the one at the other end of `port`, and answers what that one asks. */
export function link(port: Port, answers: Answers): Link {
  const waiting = new Map<number, { resolve: (output: never) => void; reject: (error: Error) => void }>()
  let asked = 0

  async function answer({ ask, id, input }: Question): Promise<void> {
    try {
      const handler = answers[ask]
      if (handler === undefined) throw new Error(`Nobody answers \`${ask}\` here.`)
      port.send?.({ answer: id, output: await handler(input as never) })
    } catch (error) {
      port.send?.({
        answer: id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
  }

  port.on('message', (message) => {
    const frame = message as Question | Answer
    if ('ask' in frame) {
      void answer(frame)
      return
    }
    const question = waiting.get(frame.answer)
    waiting.delete(frame.answer)
    if (frame.error === undefined) question?.resolve(frame.output as never)
    else question?.reject(new Error(frame.error))
  })

  return {
    ask(name, input) {
      return new Promise((resolve, reject) => {
        asked += 1
        waiting.set(asked, { resolve, reject })
        port.send?.({ ask: name, id: asked, input })
      })
    },
    fail(error) {
      for (const question of waiting.values()) question.reject(error)
      waiting.clear()
    },
  }
}
