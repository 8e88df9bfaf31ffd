// An application for tests, in a process of its own: people join rooms and say things there.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from '@parley/socket.io'

const [dataDir = '', port = '0'] = process.argv.slice(2)
const http = createServer()
const io = new Server(http, { dataDir, connectionStateRecovery: {} })

io.on('connection', (socket) => {
  socket.on('join', async (room: string, done: (answer: object) => void) => {
    await socket.join(room)
    done({ ok: true })
  })
  socket.on('say', (room: string, what: unknown, done: (answer: object) => void) => {
    io.to(room).emit('said', what)
    done({ ok: true })
  })
})

http.listen(Number(port), '127.0.0.1', () =>
  process.stdout.write(`${(http.address() as AddressInfo).port}\n`),
)
