import type { Buffer } from 'node:buffer'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** What a guest takes of the server on which it is. */
export interface GuestPart {
  /** Answers what is the guest's; it listens nowhere itself. */
  readonly server: Server
  /** Whether requests and upgrades of this path, without its query, are the guest's. */
  owns(path: string): boolean
  /** The host begins to close, or has closed. May be called more than once. */
  hostCloses(): void
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void
type Decide = (request: IncomingMessage) => boolean
type Host = Omit<Server, 'emit' | 'close'> & {
  emit(event: string, ...given: unknown[]): boolean
  close(done?: (error?: Error) => void): Server
  /** Of newer Nodes: whether a request that asks for an upgrade becomes one. */
  shouldUpgradeCallback?: Decide
}

const isGuests = Symbol('of a guest')

/**
 * Puts a guest in front of the handlers of a server that stands, whether they were added before or come later: they see
 * nothing of what is the guest's, and all the rest as it was. Several guests may be on one server.
 *
 * @returns takes the guest away
 */
export function enterHost(server: Server, guest: GuestPart): () => void {
  const host = server as unknown as Host
  const before = { emit: host.emit, close: host.close, decide: host.shouldUpgradeCallback }
  let isHere = true
  const owns: Decide = ({ url = '' }) => isHere && guest.owns(url.split('?', 1)[0] as string)
  const emit: Host['emit'] = (event, ...given) => {
    const isRequest = event === 'request' || event === 'upgrade'
    if (isRequest && owns(given[0] as IncomingMessage)) return guest.server.emit(event, ...given)
    return before.emit.call(host, event, ...given)
  }
  const close: Host['close'] = (done) => {
    if (isHere) guest.hostCloses()
    return before.close.call(host, done)
  }
  const hostClosed = () => guest.hostCloses()
  const upgrade = Object.assign(refuseUnlessOthers(host), { [isGuests]: true })
  const decide = before.decide && Object.assign(decideOver(host, before.decide, owns), { [isGuests]: true })
  Object.assign(host, { emit, close }, decide && { shouldUpgradeCallback: decide })
  host.on('upgrade', upgrade).on('close', hostClosed)
  return () => {
    isHere = false
    host.off('upgrade', upgrade).off('close', hostClosed)
    // What another guest has put over it stays, and passes everything on.
    if (host.emit === emit) host.emit = before.emit
    if (host.close === close) host.close = before.close
    if (decide !== undefined && host.shouldUpgradeCallback === decide)
      host.shouldUpgradeCallback = before.decide as Decide
  }
}

function othersListen(host: Host): boolean {
  return host.listeners('upgrade').some((listener) => !(isGuests in listener))
}

/** The host decides as if there were no guests: where nobody listens for upgrades, they are ordinary requests. */
function decideOver(host: Host, before: Decide, owns: Decide): Decide {
  const isOfGuest = isGuests in before
  return (request) => owns(request) || ((isOfGuest || othersListen(host)) && before.call(host, request))
}

/** Node hands upgrades to somebody only where there is a listener; where there is no other, nobody would answer. */
function refuseUnlessOthers(host: Host): Upgrade {
  return (_request, socket) => {
    if (othersListen(host) || socket.writableEnded) return
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }
}

/** The paths of a guest: those of its routes, and everything below some. */
export class OwnPaths {
  readonly #trees: readonly string[]
  /** By their first step, so that paths of the host are told apart at once. */
  readonly #routes = new Map<string, RegExp[]>()

  constructor(trees: readonly string[]) {
    this.#trees = trees.map((tree) => tree.replace(/\/$/, ''))
  }

  /** @param path with `{names}` */
  add(path: string): void {
    const pattern = path
      .split(/\{\w+\}/)
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^/]+')
    const routes = this.#routes.get(firstStep(path)) ?? []
    this.#routes.set(firstStep(path), [...routes, new RegExp(`^${pattern}$`)])
  }

  owns(path: string): boolean {
    if (this.#trees.some((tree) => path === tree || path.startsWith(`${tree}/`))) return true
    return this.#routes.get(firstStep(path))?.some((route) => route.test(path)) ?? false
  }
}

function firstStep(path: string): string {
  return path.split('/', 2)[1] ?? ''
}
