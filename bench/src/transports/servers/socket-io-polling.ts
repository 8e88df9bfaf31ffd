// Socket.IO as a client behind a proxy without WebSockets has it: by polling alone. The publisher has a WebSocket.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { report } from '../../servers/report.ts'
import { verifyToken } from '../../token.ts'

const http = createServer()
const io = new Server(http, { perMessageDeflate: false, httpCompression: false, serveClient: false })

io.use((socket, next) => {
  if (verifyToken(socket.handshake.auth.token) === undefined) next(new Error('unauthenticated'))
  else next()
})

io.on('connection', (socket) => {
  socket.on('subscribe', (channel: string, done: (isOk: boolean) => void) => {
    void socket.join(channel)
    done(true)
  })
  socket.on('publish', (channel: string, data: unknown) => io.to(channel).emit('message', channel, data))
})

http.listen(0, '127.0.0.1', 4_096, () => void report((http.address() as AddressInfo).port))
