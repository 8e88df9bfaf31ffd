import type { CommandOutput, CommandParsed, Contract, Position } from '@parley/protocol'
import type { Context } from './context.ts'
import type { Kind } from './kind.ts'
import type { Identity } from './ports/authenticator.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/logger.ts'

/**
 * A handler that needs the positions of its events for its answer: `run` decides, `complete` (pure) puts the positions
 * into the output, also when a repeat is answered from the stored receipt. In the answer to a repeat after a restart,
 * events that were not durable are nowhere (`epoch` empty, offset 0).
 */
export interface PositionedHandler<Input, Output> {
  readonly run: (ctx: Context, input: Input) => unknown
  readonly complete: (output: never, positions: readonly Position[]) => Output
}

export type Handler<Input, Output> =
  | ((ctx: Context, input: Input) => Output | Promise<Output>)
  | PositionedHandler<Input, Output>

export type Handlers<C> =
  C extends Contract<string, infer K, infer _E>
    ? { readonly [Name in keyof K]: Handler<CommandParsed<K[Name]>, CommandOutput<K[Name]>> }
    : never

/** What a module gets when the node starts. */
export interface ModuleServices {
  readonly clock: Clock
  readonly log: Logger
  /** Names of all modules of the node. */
  readonly modules: readonly string[]
  call(identity: Identity, command: string, input: unknown): Promise<unknown>
}

/** A capability of the node: commands, events and kinds. One folder, one line in the composition root. */
export interface Module {
  readonly contract: Contract
  readonly kinds: readonly Kind[]
  readonly handlers: Readonly<Record<string, Handler<never, unknown>>>
  readonly start?: (services: ModuleServices) => void | Promise<void>
  readonly stop?: () => void | Promise<void>
}

export interface ModuleParts<C> {
  readonly handlers: Handlers<C>
  readonly kinds?: readonly Kind[]
  readonly start?: (services: ModuleServices) => void | Promise<void>
  readonly stop?: () => void | Promise<void>
}

/** Joins a contract and its handlers. A missing or misspelt handler does not compile. */
export function implement<C extends Contract>(contract: C, parts: ModuleParts<C>): Module {
  return { kinds: [], ...parts, contract } as unknown as Module
}
