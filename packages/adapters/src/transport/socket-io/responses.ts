import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Errors of the handshake, as clients of Engine.IO know them. */
const engineErrors = {
  unknownTransport: [0, 'Transport unknown'],
  unknownSession: [1, 'Session ID unknown'],
  badMethod: [2, 'Bad handshake method'],
  badRequest: [3, 'Bad request'],
  forbidden: [4, 'Forbidden'],
  badVersion: [5, 'Unsupported protocol version'],
} as const
export type EngineError = keyof typeof engineErrors

export function sendPayload(response: ServerResponse, payload: string): void {
  response.writeHead(200, { 'Content-Type': 'text/plain; charset=UTF-8', 'Cache-Control': 'no-store' })
  response.end(payload)
}

/** A file and its media type. */
export interface ServedFile {
  readonly body: Uint8Array
  readonly type: string
}

export async function sendFile(
  response: ServerResponse,
  file: Promise<ServedFile | undefined> | undefined,
): Promise<void> {
  const found = await file?.catch(() => undefined)
  if (found === undefined) response.writeHead(404).end()
  else response.writeHead(200, { 'Content-Type': found.type, 'Cache-Control': 'no-cache' }).end(found.body)
}

export function refuse(response: ServerResponse, status: number, error: EngineError): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(bodyOfError(error))
}

export function refuseUpgrade(socket: Socket, status: number, error: EngineError): void {
  const body = bodyOfError(error)
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n`
  socket.once('finish', () => socket.destroy())
  socket.end(`${head}Content-Length: ${body.length}\r\n\r\n${body}`)
}

function bodyOfError(error: EngineError): string {
  const [code, message] = engineErrors[error]
  return JSON.stringify({ code, message })
}

/** The body as text; undefined when it is too long. */
export async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request) {
      length += (chunk as Buffer).length
      if (length > maxBytes) return undefined
      chunks.push(chunk as Buffer)
    }
  } catch {
    return undefined // the client is gone
  }
  return Buffer.concat(chunks).toString('utf8')
}
