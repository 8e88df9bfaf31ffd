import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ServedFile } from '@parley/adapters/transport/socket-io'

const names = /^socket\.io(\.esm|\.msgpack)?(\.min)?\.js(\.map)?$/

/** The client library for browsers, from the package `socket.io-client` where the application has installed it. */
export async function clientFile(name: string): Promise<ServedFile | undefined> {
  if (!names.test(name)) return undefined
  const home = createRequire(join(process.cwd(), 'package.json'))
  const folder = dirname(home.resolve('socket.io-client/package.json'))
  const type = name.endsWith('.map') ? 'application/json' : 'application/javascript; charset=utf-8'
  return { type, body: await readFile(join(folder, 'dist', name)) }
}
