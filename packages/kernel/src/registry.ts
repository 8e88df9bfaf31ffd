import type { CommandContract, Contract, EventContract, StateContract } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import type { Job } from './jobs/job.ts'
import type { Handler, Module } from './module.ts'

/** A command as the node knows it. */
export interface RegisteredCommand {
  /** `channels.publish` */
  readonly name: string
  readonly module: string
  readonly contract: CommandContract
  readonly handler: Handler<never, unknown>
}

export interface RegisteredEvent {
  readonly type: string
  readonly module: string
  readonly contract: EventContract
}

/** Entries of keyed state that a module keeps. */
export interface RegisteredState {
  readonly name: string
  readonly module: string
  readonly contract: StateContract
}

const stateName = /^[a-z][a-z0-9_.-]{0,63}$/

/**
 * Everything the modules of a node offer. REST, OpenAPI, the permission matrix and the isolation tests read from here.
 */
export class Registry {
  readonly modules: readonly Module[]
  readonly #commands = new Map<string, RegisteredCommand>()
  readonly #events = new Map<string, RegisteredEvent>()
  readonly #states = new Map<string, RegisteredState>()
  readonly #jobs = new Map<string, Job>()

  /** @throws RangeError when two modules offer the same name or route */
  constructor(modules: readonly Module[]) {
    this.modules = modules
    const routes = new Map<string, string>()
    for (const module of modules) {
      this.#addCommands(module, routes)
      this.#addStates(module)
      for (const [name, job] of Object.entries(module.jobs ?? {}))
        this.#jobs.set(`${module.contract.name}.${name}`, job)
      for (const [type, contract] of Object.entries(module.contract.events as Contract['events'])) {
        if (this.#events.has(type)) throw new RangeError(`Two modules declare the event \`${type}\`.`)
        this.#events.set(type, { type, module: module.contract.name, contract: contract as EventContract })
      }
    }
  }

  #addCommands(module: Module, routes: Map<string, string>): void {
    for (const [verb, declared] of Object.entries(module.contract.commands)) {
      const name = `${module.contract.name}.${verb}`
      const contract = declared as CommandContract
      const handler = module.handlers[verb]
      if (handler === undefined)
        throw new RangeError(`Module \`${module.contract.name}\` has no handler for \`${verb}\`.`)
      if (this.#commands.has(name)) throw new RangeError(`Two modules offer the command \`${name}\`.`)
      const route = contract.rest.replace(/\{[^}]*\}/g, '{}')
      const taken = routes.get(route)
      if (taken !== undefined)
        throw new RangeError(
          `The commands \`${taken}\` and \`${name}\` have the same route: ${contract.rest}.`,
        )
      routes.set(route, name)
      this.#commands.set(name, { name, module: module.contract.name, contract, handler })
    }
  }

  #addStates({ contract: { name: module, states = {} } }: Module): void {
    for (const [name, contract] of Object.entries(states)) {
      if (!stateName.test(name))
        throw new RangeError(
          `State \`${name}\`: lower-case letters, digits, . - and _, beginning with a letter.`,
        )
      if (this.#states.has(name)) throw new RangeError(`Two modules declare the state \`${name}\`.`)
      this.#states.set(name, { name, module, contract })
    }
  }

  commands(): readonly RegisteredCommand[] {
    return [...this.#commands.values()]
  }

  events(): readonly RegisteredEvent[] {
    return [...this.#events.values()]
  }

  /** Entries of keyed state that no client sets. */
  state(name: string): RegisteredState | undefined {
    return this.#states.get(name)
  }

  /** What calls of a command are ordered by; undefined for a command that does not exist. */
  orderKey(name: string, input: unknown): string | undefined {
    const command = this.#commands.get(name)
    return command === undefined ? undefined : orderKeyOf(command, input)
  }

  /** A job of the server, by `module.name`. */
  job(name: string): Job | undefined {
    return this.#jobs.get(name)
  }

  has(name: string): boolean {
    return this.#commands.has(name)
  }

  /** @throws ParleyError `unknown_command` */
  command(name: string): RegisteredCommand {
    const found = this.#commands.get(name)
    if (found === undefined)
      throw new ParleyError('unknown_command', `No module offers a command \`${name.slice(0, 100)}\`.`)
    return found
  }
}

/** Calls of one session with the same key are carried out in the order in which they came. */
export function orderKeyOf(command: RegisteredCommand, input: unknown): string {
  const { orderBy, permission } = command.contract
  const field = orderBy ?? (typeof permission === 'object' ? permission.channel : undefined)
  if (field === undefined || typeof input !== 'object' || input === null) return command.name
  const value = (input as Readonly<Record<string, unknown>>)[field]
  return typeof value === 'string' ? value : command.name
}
