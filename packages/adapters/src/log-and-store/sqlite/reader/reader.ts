import type { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { writeBackup } from '../backup.ts'
import { openReaderConnection } from '../connection.ts'
import { type Fault, faultOf } from '../faults.ts'
import type { Answer, FromReader, Question, ToReader } from '../messages.ts'
import { Queries } from './queries.ts'

// A reading thread. Its connection cannot write.

class Reader {
  readonly #port: MessagePort
  #path = ''
  #database: DatabaseSync | undefined
  #queries: Queries | undefined

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (message: ToReader) => this.#take(message))
  }

  #take(message: ToReader): void {
    if (message.kind === 'open') this.#open(message.path, message.seed)
    else if (message.kind === 'questions')
      this.#tell({ kind: 'answers', answers: message.questions.map((question) => this.#answer(question)) })
    else if (message.kind === 'backup') void this.#backup(message.id, message.to)
    else this.#close()
  }

  #tell(message: FromReader): void {
    this.#port.postMessage(message)
  }

  #open(path: string, seed: string): void {
    try {
      this.#path = path
      this.#database = openReaderConnection(path)
      this.#queries = new Queries(this.#database, seed)
      this.#tell({ kind: 'opened' })
    } catch (error) {
      this.#tell({ kind: 'unopened', message: (error as Error).message })
    }
  }

  #answer([name, ...parameters]: Question): Answer {
    try {
      const queries = this.#queries as Queries
      return { value: (queries[name] as (...parameters: unknown[]) => unknown).apply(queries, parameters) }
    } catch (error) {
      return { fault: faultOf(error) }
    }
  }

  async #backup(id: number, to: string): Promise<void> {
    try {
      await writeBackup(this.#path, to)
      this.#tell({ kind: 'backup', id })
    } catch (error) {
      const message = `The backup was not written to ${to}: ${(error as Error).message}.`
      const fault: Fault = { code: 'unavailable', message }
      this.#tell({ kind: 'backup', id, fault })
    }
  }

  #close(): void {
    this.#database?.close()
    this.#port.close()
  }
}

if (parentPort !== null) new Reader(parentPort)
