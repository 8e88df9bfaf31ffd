import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'

/** A page without anything, of the origin of the server. */
const blank = '/blank'

/** Stands between a browser and a server, and lets through what it is told to. */
export class Gate {
  /** WebSockets are refused, as some proxies do. */
  blocksWebSockets = false
  /** Files come through, and nothing else: neither API nor transports. */
  letsPagesAlone = false
  /** Whether the server is well is answered to nobody. */
  hidesHealth = false
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #webSockets = new Set<Socket>()
  readonly #ways = new Set<{ readonly from: Socket; readonly to: Socket }>()
  #isCut = false

  private constructor(target: number) {
    this.#server = createServer((incoming, outgoing) => {
      const { method, url, headers } = incoming
      if (this.letsPagesAlone && /^[/](api|ws|realtime)/.test(url ?? '')) return void incoming.destroy()
      if (this.hidesHealth && url === '/health') return
      if (url === blank) return void outgoing.end('<!doctype html><title>Blank</title>')
      const passed = request({ host: '127.0.0.1', port: target, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      passed.on('error', () => outgoing.destroy())
      outgoing.on('close', () => passed.destroy())
      incoming.pipe(passed)
    })
    this.#server.on('connection', (socket) => {
      if (this.#isCut) return void socket.destroy()
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined)
    })
    this.#server.on('upgrade', ({ method, url, rawHeaders }, socket: Socket, head) => {
      if (this.blocksWebSockets || this.letsPagesAlone)
        return void socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n')
      this.#webSockets.add(socket)
      const passed = connect(target, '127.0.0.1')
      const lines = [`${method} ${url} HTTP/1.1`]
      for (let index = 0; index < rawHeaders.length; index += 2)
        lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
      passed.write(`${lines.join('\r\n')}\r\n\r\n`)
      passed.write(head)
      socket.pipe(passed).pipe(socket)
      const way = { from: socket, to: passed }
      this.#ways.add(way)
      const end = (): void => {
        this.#webSockets.delete(socket)
        this.#ways.delete(way)
        socket.destroy()
        passed.destroy()
      }
      for (const side of [socket, passed]) side.on('close', end).on('error', end)
    })
  }

  static async to(target: number): Promise<Gate> {
    const gate = new Gate(target)
    gate.#server.listen(0, '127.0.0.1')
    await once(gate.#server, 'listening')
    return gate
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { readonly port: number }).port}`
  }

  get page(): string {
    return `${this.url}${blank}`
  }

  /** WebSockets that are open. */
  get webSockets(): number {
    return this.#webSockets.size
  }

  /** Nothing comes through, until `open`. */
  cut(): void {
    this.#isCut = true
    for (const socket of [...this.#sockets, ...this.#webSockets]) socket.destroy()
  }

  open(): void {
    this.#isCut = false
  }

  /** WebSockets that are open break. */
  breakWebSockets(): void {
    for (const socket of this.#webSockets) socket.destroy()
  }

  /** WebSockets that are open carry nothing any more, without a word: as when a device has left its network. */
  silenceWebSockets(): void {
    for (const { from, to } of this.#ways) {
      from.unpipe(to).pause()
      to.unpipe(from).pause()
    }
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
