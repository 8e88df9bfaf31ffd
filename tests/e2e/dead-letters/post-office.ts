import { existsSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { join } from 'node:path'
import { implement, job } from '@parley/kernel'
import { command, defineContract, ParleyError } from '@parley/protocol'
import { createServer } from '@parley/server'
import { z } from 'zod'

// An application with a module of its own, whose job fails while there is a file `closed` beside the data.

const { PARLEY_DATA_DIR: dataDir = '', PORT, API_KEY = '' } = process.env
const [id = '', secret = ''] = API_KEY.split(':')
const letter = z.strictObject({ to: z.string().min(1).meta({ description: 'Who gets the letter.' }) })

const contract = defineContract({
  name: 'post',
  summary: 'Letters.',
  commands: {
    write: command({
      summary: 'Has a letter sent.',
      input: letter,
      output: z.strictObject({}),
      permission: { action: 'manage' },
      rest: 'POST /letters',
    }),
    arrived: command({
      summary: 'How often a letter has arrived.',
      input: letter,
      output: z.strictObject({ times: z.int() }),
      permission: { action: 'manage' },
      rest: 'GET /letters/{to}',
      readOnly: true,
    }),
  },
  events: {},
})

const post = implement(contract, {
  handlers: {
    write: (ctx, { to }) => {
      ctx.jobs.request({ job: 'post.send', input: { to } })
      return {}
    },
    // A record counts how often it was written.
    arrived: async (ctx, { to }) => ({ times: (await ctx.record('arrived', to))?.version ?? 0 }),
  },
  jobs: {
    send: job<{ to: string }>({
      summary: 'Sends a letter.',
      input: letter,
      retry: { maxRetries: 3, baseMs: 200 },
      // What a kill interrupts is begun again when this has passed, and 5 s more.
      timeoutMs: 1_000,
      run: (ctx, { to }) => {
        if (existsSync(join(dataDir, '../closed')))
          throw new ParleyError('unavailable', 'The post office is closed.')
        ctx.write({ table: 'arrived', key: to, value: '1' })
      },
    }),
  },
})

const server = createHttpServer()
await createServer({
  server,
  health: true,
  modules: [post],
  settings: { dataDir, developmentSignIn: true, apps: { default: { apiKeys: [{ id, secret }] } } },
})
server.listen(Number(PORT), '127.0.0.1')
