import { createClient } from '@parley/client'
import type { Identity } from '@parley/kernel'
import type { CommandContract } from '@parley/protocol'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { restUrl, tamperings, validates } from './command-inputs.ts'
import { runningServer, type TestServer } from './running-server.ts'
import { furnish, type Inputs, uploaded } from './world.ts'

// Every command of the registry has an app of its own for each way it is tried, so that none meets what another did.
const apps = 400
/** Nobody of whom the examples speak, so that none takes away what the caller needs. */
const caller = 'ian'
const secret = 'a-signing-secret-of-32-bytes-at-least!!'

/** Commands whose examples cannot succeed in an app of a test, and what they are refused with. */
const refused: Readonly<Record<string, readonly string[]>> = {
  // Flags concern the whole server: only the app `default` sets them.
  'flags.set': ['forbidden'],
  // In an app of a test nothing was given up, and what was dropped concerns the whole server.
  'delivery.deadLetter': ['not_found'],
  'delivery.requeue': ['not_found'],
  'delivery.discard': ['not_found'],
  'delivery.drops': ['forbidden'],
  // Modules call these for those whom they serve.
  'files.attach': ['forbidden'],
  'files.detach': ['forbidden'],
}

let server: TestServer
let commands: readonly { readonly name: string; readonly contract: CommandContract }[]
let taken = 0

beforeAll(async () => {
  server = await runningServer({
    // One secret for all apps: the key id tells which is meant.
    apps: Object.fromEntries(
      Array.from({ length: apps }, (_, index) => [
        `app${index}`,
        { keys: [{ algorithm: 'HS256', key: `${secret}${index}` }] },
      ]),
    ),
  })
  commands = server.node.registry.commands()
})

afterAll(() => server.remove())

/** An app in which everything that examples speak of is there. */
async function freshApp(command = ''): Promise<{ readonly token: string; readonly inputs: Inputs }> {
  const index = taken
  taken += 1
  const app = `app${index}`
  const grants = [{ pattern: '*', actions: ['*'] }] as unknown as Identity['grants']
  const identity: Identity = { app, role: 'user', user: caller, grants }
  const inputs = await furnish(server.node, caller, (user) => ({ ...identity, user }))
  const token = await new SignJWT({ capabilities: { '*': ['*'] } })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(caller)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(`${secret}${index}`))
  const withFile = command.startsWith('files.') ? await uploaded(server.url, token) : {}
  return { token, inputs: { ...inputs, ...withFile } }
}

async function askRest(token: string, contract: CommandContract, input: object) {
  const { url, init } = restUrl(server.url, contract, input)
  const headers = { ...init.headers, authorization: `Bearer ${token}` }
  const response = await fetch(url, { ...init, headers })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

function expectAnswer(name: string, contract: CommandContract, code: string | undefined, output: unknown) {
  // Apps of tests are tenants: who looks after the whole server is of the app `default`.
  if (contract.permission === 'operator') {
    expect(code, name).toBe('forbidden')
    return
  }
  if (code === undefined) {
    expect(validates(contract.output, output), `${name} answered ${JSON.stringify(output)}`).toEqual([])
    expect(Object.keys(refused), `${name} succeeds`).not.toContain(name)
  } else expect(refused[name], `${name} was refused: ${code} ${JSON.stringify(output)}`).toContain(code)
}

describe('every command', () => {
  test('takes its example over a socket, and answers as its contract says', async () => {
    expect(commands.length).toBeGreaterThan(60)
    for (const { name, contract } of commands) {
      const { token, inputs } = await freshApp(name)
      const client = createClient({ url: server.url, token })
      await client.connect()
      const [code, output] = await client.call(name, inputs[name] ?? contract.example).then(
        (answer) => [undefined, answer],
        (error) => [error.code as string, error.message],
      )
      expectAnswer(name, contract, code, output)
      client.disconnect()
    }
  }, 120_000)

  test('takes its example over REST, and answers as its contract says', async () => {
    for (const { name, contract } of commands) {
      const { token, inputs } = await freshApp(name)
      const { status, body } = await askRest(token, contract, inputs[name] ?? (contract.example as object))
      expectAnswer(name, contract, status < 300 ? undefined : body?.code, body)
    }
  }, 120_000)

  test('refuses an input that its schema does not allow, over a socket and REST, and says where', async () => {
    const { token } = await freshApp()
    const client = createClient({ url: server.url, token })
    await client.connect()
    let tried = 0
    for (const { name, contract } of commands) {
      for (const { input, isRightAsText } of tamperings(contract, contract.example as object)) {
        const code = await client.call(name, input).then(
          () => 'taken',
          (error) => error.code as string,
        )
        expect(code, `${name} with ${JSON.stringify(input)}`).toBe('bad_request')
        tried += 1
        if (isRightAsText) continue
        const { status, body } = await askRest(token, contract, input)
        // A route without a value in its path is another route, or none.
        expect(
          [400, 404, 405],
          `${name} over REST with ${JSON.stringify(input)}: ${JSON.stringify(body)}`,
        ).toContain(status)
      }
    }
    expect(tried).toBeGreaterThan(commands.length)
    client.disconnect()
  }, 120_000)
})
