import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Server } from 'socket.io'
import { verifyToken } from '../token.ts'
import { report } from './report.ts'

const settings = {
  transports: ['websocket' as const],
  perMessageDeflate: false,
  serveClient: false,
}

/** The class of Socket.IO, or one that is used like it. */
export type ServerClass = new (
  http: HttpServer,
  options: typeof settings,
) => Pick<Server, 'use' | 'on' | 'to'>

/** Socket.IO as its documentation shows it: rooms, WebSocket only, no compression, token checked by middleware. */
export function serveRooms(Io: ServerClass): void {
  const http = createServer()
  const io = new Io(http, settings)
  io.use((socket, next) => {
    const claims = verifyToken(socket.handshake.auth.token)
    if (claims === undefined) return next(new Error('unauthenticated'))
    socket.data.user = claims.sub
    next()
  })
  io.on('connection', (socket) => {
    socket.on('subscribe', (channel: string, done: (isOk: boolean) => void) => {
      void socket.join(channel)
      done(true)
    })
    socket.on('publish', (channel: string, data: unknown, done?: (isOk: boolean) => void) => {
      io.to(channel).emit('message', channel, data)
      done?.(true)
    })
  })
  http.listen(0, '127.0.0.1', 4_096, () => void report((http.address() as AddressInfo).port))
}
