import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from '@parley/socket.io'
import { Server as SocketIoServer } from 'socket.io'
import { io as dial } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { desk } from '../../../examples/socket-io-desk/desk.ts'
import { type ClientSocket, closeClients, collect, connect, next } from './clients.ts'

const servers = [
  ['socket.io', SocketIoServer as unknown as typeof Server],
  ['@parley/socket.io', Server],
] as const

interface Visitor {
  readonly socket: ClientSocket
  readonly session: string
  readonly user: string
  readonly letters: unknown[]
}

/** Arguments of every event of a name, as a list. */
function all(socket: ClientSocket, event: string): unknown[] {
  const found: unknown[] = []
  socket.on(event, (...args: unknown[]) => void found.push(args))
  return found
}

describe.each(servers)('an application on %s', (_name, Implementation) => {
  let server: Server
  let url = ''
  let count = 0

  beforeEach(async () => {
    const http = createServer()
    server = new Implementation(http)
    desk(server, { newId: () => `id-${++count}` })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    closeClients()
    await server.close()
  })

  async function visit(auth: object, transports = ['websocket']): Promise<Visitor> {
    const socket = connect(dial, url, { auth, transports: transports as never })
    const [visitor, letters] = (await next(socket, 'session')) as [Visitor, unknown[]]
    return { socket, session: visitor.session, user: visitor.user, letters }
  }
  const ask = ({ socket }: Visitor, event: string, ...args: unknown[]): Promise<unknown> =>
    socket.timeout(20_000).emitWithAck(event, ...args)

  test('refuses who does not say a name, and staff without a badge', async () => {
    const nobody = connect(dial, url, { transports: ['websocket'] })
    const [error] = (await next(nobody, 'connect_error')) as [Error & { data: unknown }]
    expect([error.message, error.data]).toEqual(['Say who you are.', { field: 'name' }])
    const stranger = connect(dial, `${url}/staff`, { transports: ['websocket'] })
    expect(((await next(stranger, 'connect_error')) as [Error])[0].message).toBe('Staff only.')
  })

  test.each([[['websocket']], [['polling']]])('has rooms, over %s', async (transports) => {
    const [ada, bob, eve] = [
      await visit({ name: 'Ada' }, transports),
      await visit({ name: 'Bob' }, transports),
      await visit({ name: 'Eve' }, transports),
    ]
    const said = [ada, bob, eve].map(({ socket }) => all(socket, 'said'))
    const entered = all(ada.socket, 'entered')
    const typing = collect(ada.socket, 'typing')
    const files = all(ada.socket, 'file')
    expect(await ask(ada, 'enter', 'garden')).toEqual(['Ada'])
    expect(await ask(bob, 'enter', 'garden')).toEqual(['Ada', 'Bob'])
    expect(await ask(eve, 'enter', 'attic')).toEqual(['Eve'])
    expect(await ask(ada, 'say', 'garden', 'Hello')).toBe(true)
    expect(await ask(eve, 'say', 'garden', 'Me too')).toBe(false)
    await ask(bob, 'mute', 'garden')
    await ask(bob, 'say', 'garden', 'Hello, Ada')
    bob.socket.emit('typing', 'garden')
    expect(await ask(bob, 'send file', 'garden', Buffer.from([1, 2, 3]))).toBe(3)
    await expect.poll(() => [entered, typing]).toEqual([[['garden', 'Bob']], ['Bob']])
    await expect
      .poll(() => said)
      .toEqual([
        [
          ['garden', 'Ada', 'Hello'],
          ['garden', 'Bob', 'Hello, Ada'],
        ],
        [['garden', 'Ada', 'Hello']],
        [],
      ])
    await expect.poll(() => files).toEqual([['Bob', Buffer.from([1, 2, 3])]])
    const gone = all(ada.socket, 'gone')
    bob.socket.disconnect()
    await expect.poll(() => gone).toEqual([['garden', 'Bob', 'client namespace disconnect']])
  })

  test('keeps letters for who is away, and knows a page that is loaded anew', async () => {
    const [ada, bob] = [await visit({ name: 'Ada' }), await visit({ name: 'Bob' })]
    const second = await visit({ session: bob.session })
    expect(second.user).toBe(bob.user)
    const heard = [ada, bob, second].map(({ socket }) => collect(socket, 'letter'))
    const left = collect(ada.socket, 'left')
    const letter = { from: ada.user, to: bob.user, text: 'One' }
    expect(await ask(ada, 'write', bob.user, 'One')).toEqual(letter)
    await expect.poll(() => heard).toEqual([[letter], [letter], [letter]])
    bob.socket.disconnect()
    second.socket.disconnect()
    await expect.poll(() => left).toEqual(['Bob'])
    await ask(ada, 'write', bob.user, 'Two')
    const again = await visit({ session: bob.session })
    expect(again.letters).toEqual([letter, { ...letter, text: 'Two' }])
  })

  test('has middleware for events, and goes on after it has refused one', async () => {
    const ada = await visit({ name: 'Ada' })
    const refused = next(ada.socket, 'refused')
    ada.socket.emit('shout', 'HELLO')
    expect(await refused).toEqual(['Quietly, please.'])
    expect(await ask(ada, 'enter', 'garden')).toEqual(['Ada'])
  })

  test('lets staff ask all, close rooms and show visitors out', async () => {
    const [ada, bob] = [await visit({ name: 'Ada' }), await visit({ name: 'Bob' })]
    for (const { socket } of [ada, bob])
      socket.on('question', (question: string, answer: (text: string) => void) => answer(`${question}!`))
    const badge = connect(dial, `${url}/staff`, { auth: { badge: 'blue' }, transports: ['websocket'] })
    await next(badge, 'connect')
    const staff = { ...ada, socket: badge }
    expect(await ask(staff, 'ask all', 'Ready')).toEqual(['Ready!', 'Ready!'])
    await ask(ada, 'enter', 'garden')
    await ask(bob, 'enter', 'garden')
    const closed = [ada, bob].map(({ socket }) => collect(socket, 'closed'))
    expect(await ask(staff, 'close room', 'garden')).toBe(2)
    await expect.poll(() => closed).toEqual([['garden'], ['garden']])
    await expect.poll(() => ask(ada, 'say', 'garden', 'Anybody?')).toBe(false)
    const gone = next(bob.socket, 'disconnect')
    badge.emit('show out', bob.user)
    expect((await gone)[0]).toBe('io server disconnect')
  })

  test('has a namespace for each team, made when somebody comes', async () => {
    const team = (name: string) => connect(dial, `${url}/${name}`, { transports: ['websocket'] })
    const [red, alsoRed, blue] = [team('team-red'), team('team-red'), team('team-blue')]
    await Promise.all([red, alsoRed, blue].map((socket) => next(socket, 'connect')))
    const heard = [red, alsoRed, blue].map((socket) => collect(socket, 'all'))
    expect(await red.timeout(20_000).emitWithAck('name')).toBe('/team-red')
    red.emit('all', 'for red')
    expect(await blue.timeout(20_000).emitWithAck('name')).toBe('/team-blue')
    blue.emit('all', 'for blue')
    await expect.poll(() => heard).toEqual([['for red'], ['for red'], ['for blue']])
    const none = connect(dial, `${url}/crew`, { transports: ['websocket'] })
    expect(((await next(none, 'connect_error')) as [Error])[0].message).toBe('Invalid namespace')
  })
})
