import type { Server, Socket } from '@parley/socket.io' // was: from 'socket.io'

interface Visitor {
  readonly session: string
  readonly user: string
  readonly name: string
}

interface Letter {
  readonly from: string
  readonly to: string
  readonly text: string
}

type Done<Answer> = (answer: Answer) => void

const ownRoom = (user: string) => `user:${user}`
const visitorOf = (socket: { readonly data: unknown }) => (socket.data as { visitor: Visitor }).visitor

/** A help desk: rooms, letters between visitors who may be away, a namespace for staff and one for each team. */
export function desk(io: Server, { newId }: { readonly newId: () => string }): void {
  const visitors = new Map<string, Visitor>()
  const letters: Letter[] = []

  // A page that is loaded anew brings its session, and is the same visitor.
  io.use((socket, next) => {
    const { session, name } = socket.handshake.auth
    const known = visitors.get(String(session))
    if (known === undefined && (typeof name !== 'string' || name === '')) {
      next(Object.assign(new Error('Say who you are.'), { data: { field: 'name' } }))
      return
    }
    const visitor = known ?? { session: newId(), user: newId(), name: String(name) }
    visitors.set(visitor.session, visitor)
    socket.data.visitor = visitor
    next()
  })

  io.on('connection', async (socket) => {
    const visitor = visitorOf(socket)
    await socket.join(ownRoom(visitor.user))
    const mine = letters.filter(({ from, to }) => from === visitor.user || to === visitor.user)
    socket.emit('session', visitor, mine)
    socket.broadcast.emit('came', visitor.name)
    socket.use(([event], next) => next(event === 'shout' ? new Error('Quietly, please.') : undefined))
    socket.on('error', ({ message }: Error) => socket.emit('refused', message))
    rooms(io, socket)

    socket.on('write', (to: string, text: string, done: Done<Letter>) => {
      const letter = { from: visitor.user, to, text }
      letters.push(letter)
      io.to(ownRoom(to)).to(ownRoom(visitor.user)).emit('letter', letter)
      done(letter)
    })

    socket.on('disconnect', async () => {
      const others = await io.in(ownRoom(visitor.user)).fetchSockets()
      if (others.length === 0) socket.broadcast.emit('left', visitor.name)
    })
  })

  staff(io)
  io.of(/^\/team-\w+$/).on('connection', (socket) => {
    socket.on('name', (done: Done<string>) => done(socket.nsp.name))
    socket.on('all', (text: string) => socket.nsp.emit('all', text))
  })
}

function rooms(io: Server, socket: Socket): void {
  const { name } = visitorOf(socket)

  socket.on('enter', async (room: string, done: Done<readonly string[]>) => {
    await socket.join(room)
    socket.to(room).emit('entered', room, name)
    done((await io.in(room).fetchSockets()).map((one) => visitorOf(one).name).sort())
  })

  socket.on('say', (room: string, text: string, done: Done<boolean>) => {
    const isThere = socket.rooms.has(room)
    if (isThere) io.to(room).except(`quiet:${room}`).emit('said', room, name, text)
    done(isThere)
  })

  socket.on('mute', async (room: string, done: Done<void>) => {
    await socket.join(`quiet:${room}`)
    done()
  })

  socket.on('typing', (room: string) => socket.volatile.to(room).emit('typing', name))

  socket.on('send file', (room: string, bytes: Uint8Array, done: Done<number>) => {
    socket.to(room).emit('file', name, bytes)
    done(bytes.length)
  })

  socket.on('disconnecting', (reason: string) => {
    for (const room of socket.rooms)
      if (!room.includes(':') && room !== socket.id) socket.to(room).emit('gone', room, name, reason)
  })
}

function staff(io: Server): void {
  const namespace = io.of('/staff')
  namespace.use((socket, next) =>
    next(socket.handshake.auth.badge === 'blue' ? undefined : new Error('Staff only.')),
  )
  namespace.on('connection', (socket) => {
    socket.on('ask all', async (question: string, done: Done<readonly string[]>) => {
      const answers = (await io.timeout(10_000).emitWithAck('question', question)) as string[]
      done([...answers].sort())
    })
    socket.on('close room', async (room: string, done: Done<number>) => {
      const there = await io.in(room).fetchSockets()
      io.to(room).emit('closed', room)
      io.in(room).socketsLeave(room)
      done(there.length)
    })
    socket.on('show out', (user: string) => io.in(ownRoom(user)).disconnectSockets(true))
  })
}
