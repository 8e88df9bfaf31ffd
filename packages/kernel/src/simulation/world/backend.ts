import { ParleyError, type Position } from '@parley/protocol'
import type { Identity } from '../../ports/authenticator.ts'
import type { Publication } from '../oracle/publication.ts'
import type { World } from './world.ts'

interface Request {
  readonly app: string
  readonly command: string
  readonly input: object
  readonly key: string
  readonly publication: Publication | undefined
  readonly done: () => void
}

/** After so long without an answer a request is sent again, to another node perhaps. */
const timeoutMs = 3_000
const pauseMs = 200

/** A back end that uses the REST gateway's way in: calls of a node, repeated with their keys until there is an answer. */
export class Backend {
  readonly #world: World
  #sent = 0
  /** Requests without an answer. */
  open = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Publishes; without a key it is tried once. */
  publish(app: string, channel: string, isKeyed: boolean): void {
    const publication = this.#sends(app, channel, 'published')
    const { id, isEven } = publication
    const input = { channel, id, tags: { half: isEven ? 'even' : 'odd' } }
    const request = {
      app,
      command: 'publish',
      input,
      key: `rest-${this.#sent}`,
      publication,
      done: () => undefined,
    }
    // Whoever calls over REST waits for no order.
    publication.hasNoOrder = true
    if (isKeyed) this.#repeat(request)
    else
      void this.#call(request, undefined).then((error) => {
        if (error !== undefined) publication.state = 'unknown'
      })
  }

  /** Lets a user in, or puts them out. */
  membership(app: string, channel: string, user: string, isIn: boolean): void {
    const publication = this.#sends(app, channel, isIn ? 'admitted' : 'kicked')
    publication.hasNoOrder = true
    this.#world.oracle.membership(publication, user, isIn)
    const input = { channel, id: publication.id, user }
    const exile = `${app} ${channel} ${user}`
    if (!isIn) {
      this.#world.exiled.add(exile)
      // What is refused now, without the answer arriving, may be accepted when it is repeated.
      for (const one of this.#world.oracle.channel(app, channel).publications)
        if (one.user === user && one.state === 'open') one.hasNoOrder = true
    }
    const done = () => {
      if (isIn) this.#letBack(app, channel, user)
    }
    this.#repeat({ app, command: isIn ? 'admit' : 'kick', input, key: publication.id, publication, done })
  }

  /** The user's tabs go on where they were put out. */
  #letBack(app: string, channel: string, user: string): void {
    this.#world.exiled.delete(`${app} ${channel} ${user}`)
    const tabs = this.#world.tabs.filter((tab) => tab.app === app && tab.user === user)
    for (const { client, readings } of tabs)
      for (const reading of readings.values())
        if (client !== undefined && reading.isRefused && reading.channel === channel) reading.open(client)
  }

  /** Makes a promised publication a tombstone. */
  redact(publication: Publication): void {
    const { app, channel, place } = publication
    if (place === undefined || publication.redaction !== undefined) return
    const redaction = { calledAt: this.#world.clock.elapsed(), doneAt: undefined as number | undefined }
    publication.redaction = redaction
    const input = { channel, ...place }
    const done = () => {
      redaction.doneAt = this.#world.clock.elapsed()
    }
    this.#sent += 1
    const key = `redact-${this.#sent}`
    this.#repeat({ app, command: 'redact', input, key, publication: undefined, done })
  }

  #sends(app: string, channel: string, type: string): Publication {
    this.#sent += 1
    return this.#world.oracle.sends({
      id: `backend-${this.#sent}`,
      ...{ app, channel, sender: `backend of ${app}`, user: undefined, target: undefined },
      ...{ isEven: type === 'published' && this.#sent % 2 === 0, type },
    })
  }

  #repeat(request: Request): void {
    this.open += 1
    const attempt = (): void => {
      void this.#call(request, request.key).then((error) => {
        if (error === undefined || !error.retryable) {
          this.open -= 1
          if (error === undefined) request.done()
          else this.#fault(request, error)
        } else this.#world.clock.after(pauseMs, attempt)
      })
    }
    attempt()
  }

  /** Answers what went wrong, if anything. */
  #call(
    { app, command, input, publication }: Request,
    key: string | undefined,
  ): Promise<ParleyError | undefined> {
    const running = this.#world.nodes.serving()
    if (running === undefined) return Promise.resolve(new ParleyError('unavailable'))
    const identity: Identity = { app, role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] }
    if (publication !== undefined) this.#world.oracle.carried(publication.id, running.process.name)
    return new Promise((resolve) => {
      const timer = this.#world.clock.after(timeoutMs, () => resolve(new ParleyError('outcome_unknown')))
      const answered = (error: ParleyError | undefined, output?: unknown) => {
        timer.cancel()
        if (publication !== undefined && error === undefined)
          this.#world.oracle.acked(publication, output as Position)
        resolve(error)
      }
      running.node.call(identity, `sim.${command}`, input, { key }).then(
        (output) => answered(undefined, output),
        (error: unknown) =>
          answered(error instanceof ParleyError ? error : new ParleyError('internal', String(error))),
      )
    })
  }

  #fault({ command, publication }: Request, error: ParleyError): void {
    if (command === 'redact' && error.code === 'not_found' && this.#world.wasRestored) return
    this.#world.oracle.verdict.fault('answered', `A back end was refused ${command}: ${error.code}`, {
      channel: publication?.channel,
    })
  }
}
