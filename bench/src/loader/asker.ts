import { signToken } from '../token.ts'
import { Connection } from './connection.ts'
import { parleyWire } from './parley-wire.ts'
import { Tally } from './tally.ts'

interface Frame {
  readonly op: string
  readonly id?: number
  readonly ok?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

/** A client that takes every frame apart: for what is asked and answered, not for great numbers. */
export class Asker {
  readonly user: string
  readonly tally = new Tally()
  /** Gets every frame that answers nothing. */
  heard: ((frame: Readonly<Record<string, unknown>>) => void) | undefined
  readonly #connection: Connection
  readonly #waiting = new Map<number, { resolve: (output: never) => void; reject: (error: Error) => void }>()
  #asked = 10

  private constructor(connection: Connection, user: string) {
    this.#connection = connection
    this.user = user
  }

  static async open(port: number, user: string): Promise<Asker> {
    const connection = new Connection({ port, tally: new Tally(), ...parleyWire })
    await parleyWire.greet(connection, signToken(user))
    const asker = new Asker(connection, user)
    connection.inspect = (bytes) => {
      for (const line of bytes.toString().split('\n')) asker.#take(JSON.parse(line) as Frame)
    }
    connection.startCounting()
    return asker
  }

  /** Runs a command; rejected with the server's words when it refuses. */
  call<Output>(command: string, input: object): Promise<Output> {
    return this.#ask({ op: 'call', command, input })
  }

  subscribe(channel: string, more: object = {}): Promise<unknown> {
    return this.#ask({ op: 'subscribe', channel, ...more })
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#ask({ op: 'unsubscribe', channel })
  }

  close(): void {
    this.#connection.destroy()
  }

  #ask<Output>(frame: object): Promise<Output> {
    this.#asked += 1
    const id = this.#asked
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#connection.send(JSON.stringify({ ...frame, id }))
    })
  }

  #take(frame: Frame): void {
    if (frame.op === 'ping') this.#connection.send('{"op":"pong"}')
    if (frame.op !== 'reply') {
      this.heard?.(frame as never)
      return
    }
    const waiting = this.#waiting.get(frame.id ?? 0)
    this.#waiting.delete(frame.id ?? 0)
    if (frame.error === undefined) waiting?.resolve(frame.ok as never)
    else waiting?.reject(new Error(`${frame.error.code}: ${frame.error.message}`))
  }
}

/** Opens many, some at a time. */
export async function openAskers(port: number, users: readonly string[]): Promise<Asker[]> {
  const askers = new Array<Asker>(users.length)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < users.length; index = next++)
      askers[index] = await Asker.open(port, users[index] as string)
  }
  await Promise.all(Array.from({ length: Math.min(users.length, 64) }, worker))
  return askers
}
