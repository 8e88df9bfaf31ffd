import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import { Server } from '@parley/socket.io' // was: from 'socket.io'

const http = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8')
  createReadStream(new URL('page.html', import.meta.url)).pipe(response)
})
const io = new Server(http, {
  connectionStateRecovery: {},
  ...(process.env.DATA_DIR === undefined ? {} : { dataDir: process.env.DATA_DIR }),
})

io.use((socket, next) => {
  const { name } = socket.handshake.auth
  if (typeof name !== 'string' || name.trim() === '') next(new Error('Say who you are.'))
  else {
    socket.data.name = name.trim().slice(0, 40)
    next()
  }
})

io.on('connection', (socket) => {
  const { name } = socket.data

  socket.on('enter', async (room: string, done: (people: unknown[]) => void) => {
    for (const other of socket.rooms) if (other !== socket.id) await socket.leave(other)
    await socket.join(room)
    socket.to(room).emit('notice', `${name} is here`)
    done((await io.in(room).fetchSockets()).map(({ data }) => (data as { name: string }).name))
  })

  socket.on('say', (room: string, text: string, done: () => void) => {
    if (!socket.rooms.has(room)) return
    io.to(room).emit('said', { name, text: text.slice(0, 1_000) })
    done()
  })

  socket.on('typing', (room: string) => {
    if (socket.rooms.has(room)) socket.volatile.to(room).emit('typing', name)
  })

  socket.on('disconnecting', () => {
    for (const room of socket.rooms) socket.to(room).emit('notice', `${name} has left`)
  })
})

http.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = http.address()
  if (typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address?.port}\n`)
})
