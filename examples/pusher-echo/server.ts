// A back end as those who use Laravel Echo have one: it says who may listen where, and publishes what happened.
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import Pusher from 'pusher'

const server = new URL(process.env.PARLEY_URL ?? 'http://127.0.0.1:3001')
const key = process.env.PUSHER_KEY ?? 'dev'
const pusher = new Pusher({
  ...{ appId: 'default', key, secret: process.env.PUSHER_SECRET ?? '' },
  ...{ host: server.hostname, port: server.port, useTLS: server.protocol === 'https:' },
})

const { resolve } = createRequire(import.meta.url)
const files: Readonly<Record<string, readonly [type: string, path: string | URL]>> = {
  '/': ['text/html; charset=utf-8', new URL('page.html', import.meta.url)],
  '/echo.js': ['text/javascript', resolve('laravel-echo/iife')],
  '/pusher.js': ['text/javascript', resolve('pusher-js/dist/web/pusher.min.js')],
}

/** Who may hear of which order; anybody may enter the hall. */
const orders: Readonly<Record<string, string>> = { 1: 'Ada', 2: 'Grace' }
let shipped = 0

const http = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const file = files[pathname]
  if (request.method === 'GET' && file !== undefined) {
    response.writeHead(200, { 'content-type': file[0] })
    createReadStream(file[1]).pipe(response)
  } else if (pathname === '/settings.js') {
    const settings = { key, host: server.hostname, port: Number(server.port) }
    response.writeHead(200, { 'content-type': 'text/javascript' })
    response.end(`window.settings = ${JSON.stringify(settings)}`)
  } else if (request.method === 'POST' && pathname === '/broadcasting/auth') {
    authorise(await formOf(request), searchParams.get('as') ?? '', response)
  } else if (request.method === 'POST' && pathname === '/ship') {
    const order = searchParams.get('order') ?? ''
    // Laravel names events by their class.
    await pusher.trigger(`private-orders.${order}`, 'App\\Events\\OrderShipped', { order, number: ++shipped })
    response.writeHead(204).end()
  } else response.writeHead(404).end()
})
http.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = http.address()
  if (typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address?.port}\n`)
})

function authorise(form: URLSearchParams, name: string, response: ServerResponse): void {
  const [socket = '', channel = ''] = [form.get('socket_id') ?? '', form.get('channel_name') ?? '']
  const order = /^private-orders\.(\d+)$/.exec(channel)?.[1]
  const isAllowed = order === undefined ? channel === 'presence-hall' : orders[order] === name
  if (!isAllowed || name === '') {
    response.writeHead(403).end()
    return
  }
  const member = { user_id: name.toLowerCase(), user_info: { name } }
  const answer = pusher.authorizeChannel(socket, channel, order === undefined ? member : undefined)
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return new URLSearchParams(Buffer.concat(parts).toString())
}
