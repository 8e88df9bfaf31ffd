import { createServer as createHttpServer } from 'node:http'
import { createServer } from '@parley/server'
import next from 'next'

const app = next({ dev: process.env.NODE_ENV !== 'production' })
await app.prepare()

const http = createHttpServer(app.getRequestHandler())
const parley = await createServer({
  server: http,
  settings: {
    dataDir: './data',
    apps: { default: { keys: [{ algorithm: 'HS256', key: process.env.TOKEN_SECRET }] } },
    kinds: { chat: { durability: 'durable' } },
  },
})
http.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', async () => {
  await parley.close()
  process.exit()
})
