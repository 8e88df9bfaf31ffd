import { createServer as createHttpServer } from 'node:http'
import { createServer } from '@parley/server'

const http = createHttpServer((_request, response) => response.end('The application.\n'))

const parley = await createServer({
  server: http,
  settings: {
    dataDir: './data',
    apps: { default: { keys: [{ algorithm: 'HS256', key: process.env.TOKEN_SECRET }] } },
    kinds: { chat: { durability: 'durable' } },
  },
})

http.listen(process.env.PORT ?? 3000)
await parley.call('channels.publish', {
  channel: 'chat:general',
  data: { text: 'The application has started.' },
})

// Clients are told to go, and what was accepted is finished.
process.once('SIGTERM', () => http.close())
