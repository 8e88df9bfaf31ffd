import { Agent, request } from 'node:http'
import { stampedPayload } from '../../loader/payload.ts'
import type { Tally } from '../../loader/tally.ts'

/** Publishes into Nchan: a request a message, over few connections. */
export class NchanPublisher {
  published = 0
  readonly #port: number
  readonly #tally: Tally
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })

  constructor(port: number, tally: Tally) {
    this.#port = port
    this.#tally = tally
  }

  publish(): void {
    this.published += 1
    const body = stampedPayload()
    const made = request(
      {
        ...{ host: '127.0.0.1', port: this.#port, method: 'POST', path: '/pub/crowd', agent: this.#agent },
        headers: { 'content-type': 'text/plain', 'content-length': body.length },
      },
      (response) => {
        if ((response.statusCode ?? 0) >= 400) this.#tally.problem ??= `HTTP status ${response.statusCode}`
        response.resume()
      },
    )
    made.on('error', (error) => {
      this.#tally.problem ??= error.message
    })
    made.end(body)
  }

  /** Publishes at a rate until stopped; what a late timer missed is made up for at once. */
  atRate(perSecond: number): () => void {
    const [began, before] = [performance.now(), this.published]
    const timer = setInterval(() => {
      const due = before + Math.floor(((performance.now() - began) * perSecond) / 1_000)
      while (this.published < due) this.publish()
    }, 1)
    return () => clearInterval(timer)
  }
}
