import type { CommandOutput, CommandParsed, Contract, Position } from '@parley/protocol'
import type { Context, StateKey, StateSetting } from './context.ts'
import type { Inspection } from './inspection/inspection.ts'
import type { Job } from './jobs/job.ts'
import type { Kind } from './kind.ts'
import type { Identity } from './ports/authenticator.ts'
import type { Clock } from './ports/clock.ts'
import type { HttpContent, HttpResponse, HttpStreamRequest, HttpStreamRoute } from './ports/http.ts'
import type { Lease } from './ports/lease.ts'
import type { Logger } from './ports/logger.ts'
import type { Migration, RecordRow, SqlStatement, SqlValue } from './ports/store.ts'
import type { Drop } from './resilience/drops.ts'
import type { SessionListener } from './sessions/session-listener.ts'

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

export interface RunOptions {
  /** Jobs of an app with the same order are run one after the other, each on what the one before has changed. */
  readonly order?: string
}

/** What a module gets when the node starts. */
export interface ModuleServices {
  readonly clock: Clock
  readonly log: Logger
  /** Id of the node. */
  readonly node: string
  /** Names of all modules of the node. */
  readonly modules: readonly string[]
  /** Apps of the node. */
  readonly apps: readonly string[]
  /** What this node has dropped or refused since its start, by what and why. */
  drops(): readonly (Drop & { readonly count: number })[]
  /** A job that some module declares. */
  job(name: string): Job | undefined
  /** For work that one node of a cluster does at a time; absent where every node does it. */
  readonly lease?: Lease
  /** What the node lets its operators see of itself. */
  readonly inspection: Inspection
  call(identity: Identity, command: string, input: unknown): Promise<unknown>
  /** Entries of keyed state that the module keeps; see `Context.state`. */
  readonly state: {
    set(app: string, entry: StateSetting): void
    remove(app: string, entry: StateKey): void
  }
  /**
   * Runs a job as the server: a back end of the app that may do everything. What it appends, writes, asserts and redacts
   * is one unit, as in a handler; when an assertion fails, the job runs once more on fresh reads. Fulfilled when the unit
   * is on disk.
   *
   * @throws ParleyError what the job throws, `conflict`, or `unavailable` when the node is stopping
   */
  run<T>(app: string, job: (ctx: Context) => T | Promise<T>, options?: RunOptions): Promise<T>
  /** Rows of a query, outside of any unit. */
  query(statement: SqlStatement): Promise<readonly Readonly<Record<string, SqlValue>>[]>
  /** A record of an app, outside of any unit. */
  record(app: string, table: string, key: string): Promise<RecordRow | undefined>
  /**
   * Fulfilled when the words that earlier units redacted are in no file.
   *
   * @throws ParleyError `outcome_unknown` when something still reads them after half a minute
   */
  purged(): Promise<void>
}

/** The caller of a module's route. */
export interface RouteCaller {
  readonly identity: Identity
  /** Runs a command as the caller, with everything that goes with it. */
  call(command: string, input: unknown): Promise<unknown>
}

/** What a module offers over HTTP beside its commands: bytes that come or go as a stream. Paths are below `/api`. */
export type ModuleRoute = Omit<HttpStreamRoute, 'handler'> &
  (
    | {
        /** As for commands: a token or an app key. Without them there is no caller; what is wrong is refused. */
        readonly credentials: 'optional'
        handler(
          request: HttpStreamRequest,
          caller: RouteCaller | undefined,
        ): Promise<HttpResponse | HttpContent>
      }
    | {
        /** Not looked at. */
        readonly credentials: 'none'
        handler(request: HttpStreamRequest): Promise<HttpResponse | HttpContent>
      }
  )

/** A capability of the node: commands, events and kinds. One folder, one line in the composition root. */
export interface Module {
  readonly contract: Contract
  readonly kinds: readonly Kind[]
  readonly handlers: Readonly<Record<string, Handler<never, unknown>>>
  /** Steps of its tables, in order; carried out before the module starts. */
  readonly migrations?: readonly Migration[]
  /** Work of the server that outlives the process, by name; asked for by `ctx.jobs`. */
  readonly jobs?: Readonly<Record<string, Job>>
  /** Told of every session of the node. */
  readonly sessions?: SessionListener
  readonly routes?: readonly ModuleRoute[]
  readonly start?: (services: ModuleServices) => void | Promise<void>
  readonly stop?: () => void | Promise<void>
}

export interface ModuleParts<C> {
  readonly handlers: Handlers<C>
  readonly kinds?: readonly Kind[]
  readonly migrations?: readonly Migration[]
  readonly jobs?: Readonly<Record<string, Job>>
  readonly sessions?: SessionListener
  readonly routes?: readonly ModuleRoute[]
  readonly start?: (services: ModuleServices) => void | Promise<void>
  readonly stop?: () => void | Promise<void>
}

/** Joins a contract and its handlers. A missing or misspelt handler does not compile. */
export function implement<C extends Contract>(contract: C, parts: ModuleParts<C>): Module {
  return { kinds: [], ...parts, contract } as unknown as Module
}
