import { createServer } from '@parley/server'
import { fastify } from 'fastify'

const app = fastify()
app.get('/hello', async () => 'The application.\n')

await createServer({
  server: app.server,
  settings: {
    dataDir: './data',
    apps: { default: { keys: [{ algorithm: 'HS256', key: process.env.TOKEN_SECRET }] } },
    kinds: { chat: { durability: 'durable' } },
  },
})
await app.listen({ port: Number(process.env.PORT ?? 3000) })
process.once('SIGTERM', () => app.close())
