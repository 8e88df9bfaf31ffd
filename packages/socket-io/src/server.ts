import { randomBytes } from 'node:crypto'
import { createServer, Server as HttpServer } from 'node:http'
import type { Entry, EntryRequest, SocketIoApplication } from '@parley/adapters/transport/socket-io'
import { BroadcastAcks } from './acks.ts'
import type { BroadcastOperator, RoomName } from './broadcast.ts'
import { type ClusterCall, ClusterCalls } from './cluster-calls.ts'
import { type EmbeddedNode, embeddedNode } from './embedded-node.ts'
import type { ArgumentsOf, DefaultEvents, EventNames } from './events.ts'
import { Gate } from './gate.ts'
import { type Middleware, Namespace, type NamespaceEvents, type NamespaceListenerOf } from './namespace.ts'
import { NamespaceFamily } from './namespace-family.ts'
import type { RemoteSocket } from './remote-socket.ts'
import type { ServerCore } from './server-core.ts'
import type { ServerOptions } from './server-options.ts'
import type { Socket } from './socket.ts'

/** Decides whether there is a namespace of a name; `auth`: what the client gives. */
export type NamespaceTest = (
  name: string,
  auth: Readonly<Record<string, unknown>>,
  next: (error: Error | null, isThere: boolean) => void,
) => void

type Family<L extends object, E extends object, S extends object, D> = {
  readonly test: NamespaceTest
  readonly namespace: Namespace<L, E, S, D>
}

/**
 * A server for clients of Socket.IO, with its names: rooms, namespaces, middleware, acks. It is a node of Parley below;
 * what is sent to rooms passes through channels, on all nodes.
 */
export class Server<
  Listen extends object = DefaultEvents,
  Emit extends object = DefaultEvents,
  ServerSide extends object = DefaultEvents,
  Data = Record<string, unknown>,
> {
  /** The main namespace. */
  readonly sockets: Namespace<Listen, Emit, ServerSide, Data>
  readonly #options: ServerOptions
  readonly #core: ServerCore
  readonly #calls: ClusterCalls
  readonly #acks = new BroadcastAcks()
  readonly #namespaces = new Map<string, Namespace<Listen, Emit, ServerSide, Data>>()
  readonly #families: Family<Listen, Emit, ServerSide, Data>[] = []
  readonly #newNamespace: ((namespace: Namespace<Listen, Emit, ServerSide, Data>) => void)[] = []
  #http: HttpServer | undefined
  #node: EmbeddedNode | undefined
  readonly #token = randomBytes(24).toString('base64url')

  /** @param where an HTTP server, or a port to listen on; without either call `listen` or `attach` */
  constructor(where?: HttpServer | number | ServerOptions, options?: ServerOptions) {
    const isPlace = typeof where === 'number' || where instanceof HttpServer
    this.#options = options ?? (isPlace ? {} : (where ?? {}))
    this.#calls = new ClusterCalls(() => (this.#node as EmbeddedNode).node)
    this.#core = this.#makeCore()
    this.sockets = this.of('/')
    if (isPlace) this.attach(where)
  }

  #isClosed = false

  #makeCore(): ServerCore {
    const { connectionStateRecovery: recovery } = this.#options
    // Events have their places in the order in which they were published: the last one speaks for all.
    let last: Promise<unknown> = Promise.resolve()
    return {
      gate: new Gate(),
      calls: this.#calls,
      acks: this.#acks,
      hasRecovery: recovery !== undefined,
      asksOnReturn: recovery?.skipMiddlewares === false,
      token: this.#token,
      publish: (event) => {
        // Before there is a server nobody can hear it.
        const published = this.#node?.publish(event) ?? Promise.resolve()
        last = published.catch((error: unknown) => {
          // Listeners of `disconnect` have something to say when the server closes, and nobody is there.
          if (this.#isClosed) return
          process.emitWarning(`An event was not sent: ${String(error)}`, 'ParleySocketIoWarning')
        })
      },
      published: () => last,
    }
  }

  /** Serves clients on an HTTP server, or on a port of its own. */
  attach(where: HttpServer | number): this {
    if (this.#http !== undefined) throw new Error('This server is attached already.')
    const server = typeof where === 'number' ? createServer(answerNothing) : where
    this.#http = server
    const node = embeddedNode(this.#options, { server, application: this.#application(), token: this.#token })
    this.#node = node
    const starting = node.start()
    if (typeof where === 'number') void starting.then(() => server.listen(where))
    starting.catch((error: unknown) => server.emit('error', error))
    return this
  }

  listen(where: HttpServer | number): this {
    return this.attach(where)
  }

  /** The HTTP server below. */
  get httpServer(): HttpServer | undefined {
    return this.#http
  }

  /** How many clients are connected to this node, in all namespaces. */
  get engine(): { readonly clientsCount: number } {
    const count = this.#node?.node.status().connections ?? 0
    return { clientsCount: count }
  }

  #application(): SocketIoApplication {
    return {
      enter: (request) => this.#enter(request),
      started: (relay) => this.#calls.start(relay),
      asked: async (question) =>
        JSON.stringify((await this.#asked(JSON.parse(question) as ClusterCall)) ?? null),
    }
  }

  async #enter({ namespace, auth }: EntryRequest): Promise<Entry> {
    const found = this.#namespaces.get(namespace) ?? (await this.#born(namespace, auth))
    if (found === undefined) throw new Error('Invalid namespace')
    return found.entry()
  }

  async #born(
    name: string,
    auth: Readonly<Record<string, unknown>>,
  ): Promise<Namespace<Listen, Emit, ServerSide, Data> | undefined> {
    for (const { test, namespace: family } of this.#families) {
      const isThere = await new Promise<boolean>((resolve) => {
        test(name, auth, (error, answer) => resolve(error === null && answer))
      })
      if (!isThere) continue
      // Somebody else may have asked for it meanwhile.
      const known = this.#namespaces.get(name)
      if (known !== undefined) return known
      const child = this.of(name)
      child.inherit(family)
      return child
    }
    return undefined
  }

  async #asked(call: ClusterCall): Promise<unknown> {
    const namespace = this.#namespaces.get(call.namespace)
    if (call.op === 'event') return namespace?.toldByOther(call.args, call.wantsAnswer) ?? {}
    return namespace?.core.asked(call) ?? (call.op === 'count' ? 0 : [])
  }

  /** A namespace; a pattern or a test makes one for every name that clients ask for and that fits. */
  of(
    name: string | RegExp | NamespaceTest,
    connected?: (socket: Socket<Listen, Emit, Data>) => void,
  ): Namespace<Listen, Emit, ServerSide, Data> {
    const namespace = typeof name === 'string' ? this.#named(name) : this.#family(name)
    if (connected !== undefined) namespace.on('connection', connected as never)
    return namespace
  }

  #named(given: string): Namespace<Listen, Emit, ServerSide, Data> {
    const name = given.startsWith('/') ? given : `/${given}`
    let namespace = this.#namespaces.get(name)
    if (namespace === undefined) {
      namespace = new Namespace(this.#core, name)
      this.#namespaces.set(name, namespace)
      for (const tell of this.#newNamespace) tell(namespace)
    }
    return namespace
  }

  #family(pattern: RegExp | NamespaceTest): Namespace<Listen, Emit, ServerSide, Data> {
    const test: NamespaceTest =
      pattern instanceof RegExp ? (name, _auth, next) => next(null, pattern.test(name)) : pattern
    const namespace = new Namespace<Listen, Emit, ServerSide, Data>(
      this.#core,
      `/_${this.#families.length}`,
      new NamespaceFamily(),
    )
    this.#families.push({ test, namespace })
    return namespace
  }

  /** Ends all connections, and the HTTP server. */
  async close(done?: (error?: Error) => void): Promise<void> {
    this.#isClosed = true
    this.#acks.stop()
    await this.#node?.stop()
    const http = this.#http
    if (http?.listening === true) {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()))
      http.closeAllConnections()
      await closed
    }
    done?.()
  }

  // ——— of the main namespace

  use(middleware: Middleware<Socket<Listen, Emit, Data>>): this {
    this.sockets.use(middleware)
    return this
  }

  on<Event extends NamespaceEvents<ServerSide> | 'new_namespace'>(
    event: Event,
    listener: Event extends 'new_namespace'
      ? (namespace: Namespace<Listen, Emit, ServerSide, Data>) => void
      : NamespaceListenerOf<ServerSide, Socket<Listen, Emit, Data>, Event>,
  ): this {
    if (event === 'new_namespace') this.#newNamespace.push(listener as never)
    else this.sockets.on(event as never, listener as never)
    return this
  }

  once<Event extends NamespaceEvents<ServerSide>>(
    event: Event,
    listener: NamespaceListenerOf<ServerSide, Socket<Listen, Emit, Data>, Event>,
  ): this {
    this.sockets.once(event, listener)
    return this
  }

  off<Event extends NamespaceEvents<ServerSide>>(
    event: Event,
    listener?: NamespaceListenerOf<ServerSide, Socket<Listen, Emit, Data>, Event>,
  ): this {
    this.sockets.off(event, listener)
    return this
  }

  emit<Event extends EventNames<Emit>>(event: Event, ...args: ArgumentsOf<Emit, Event>): boolean {
    return this.sockets.emit(event, ...args)
  }

  emitWithAck<Event extends EventNames<Emit>>(event: Event, ...args: unknown[]): Promise<unknown[]> {
    return this.sockets.emitWithAck(event, ...args)
  }

  send(...args: unknown[]): this {
    this.sockets.send(...args)
    return this
  }

  write(...args: unknown[]): this {
    return this.send(...args)
  }

  to(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.sockets.to(room)
  }

  in(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.sockets.to(room)
  }

  except(room: RoomName): BroadcastOperator<Emit, Data> {
    return this.sockets.except(room)
  }

  get volatile(): BroadcastOperator<Emit, Data> {
    return this.sockets.volatile
  }

  get local(): BroadcastOperator<Emit, Data> {
    return this.sockets.local
  }

  compress(isWanted: boolean): BroadcastOperator<Emit, Data> {
    return this.sockets.compress(isWanted)
  }

  timeout(timeoutMs: number): BroadcastOperator<Emit, Data> {
    return this.sockets.timeout(timeoutMs)
  }

  fetchSockets(): Promise<RemoteSocket<Emit, Data>[]> {
    return this.sockets.fetchSockets()
  }

  socketsJoin(room: RoomName): void {
    this.sockets.socketsJoin(room)
  }

  socketsLeave(room: RoomName): void {
    this.sockets.socketsLeave(room)
  }

  disconnectSockets(close = false): void {
    this.sockets.disconnectSockets(close)
  }

  serverSideEmit<Event extends EventNames<ServerSide>>(event: Event, ...args: unknown[]): boolean {
    return this.sockets.serverSideEmit(event, ...args)
  }

  serverSideEmitWithAck<Event extends EventNames<ServerSide>>(
    event: Event,
    ...args: unknown[]
  ): Promise<unknown[]> {
    return this.sockets.serverSideEmitWithAck(event, ...args)
  }
}

/** There is nothing else on a port of one's own. */
function answerNothing(_request: unknown, response: { writeHead(status: number): { end(): void } }): void {
  response.writeHead(404).end()
}
