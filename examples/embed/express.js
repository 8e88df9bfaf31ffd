import { createServer as createHttpServer } from 'node:http'
import { createServer } from '@parley/server'
import express from 'express'

const app = express()
app.get('/hello', (_request, response) => response.send('The application.\n'))
app.post('/orders/:id/paid', async (request, response) => {
  const { id } = request.params
  const event = { channel: `order:${id}`, type: 'order.paid', data: {} }
  response.json(await parley.call('channels.publish', event, { key: `paid-${id}` }))
})

const http = createHttpServer(app)
const parley = await createServer({
  server: http,
  settings: {
    dataDir: './data',
    apps: { default: { keys: [{ algorithm: 'HS256', key: process.env.TOKEN_SECRET }] } },
    kinds: { order: { durability: 'durable', access: { write: 'backend' } } },
  },
})
http.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => http.close())
