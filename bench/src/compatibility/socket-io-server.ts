// The application of ../peers/socket-io.ts with one changed import.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from '@parley/socket.io'
import { report } from '../servers/report.ts'
import { verifyToken } from '../token.ts'

const http = createServer()
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })

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
