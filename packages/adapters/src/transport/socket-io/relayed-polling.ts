import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Relay } from '@parley/kernel'
import type { EngineServer } from './engine-server.ts'
import { bodyOf, refuse, sendPayload } from './responses.ts'

/** A request about a session that this node does not have. */
interface Forwarded {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly maxBytes: number
}

/** What one node asks of another; without `payload` it waits for packets. */
interface Question {
  readonly id: string
  readonly payload?: string
}

interface Answer {
  readonly isKnown: boolean
  readonly payload?: string
}

/** Longer than any session lets a client wait. */
const longestMs = 60_000

/** Asks the node that the session belongs to. Where it is gone, or there is none, the client opens another session. */
export async function relayRequest(relay: Relay | undefined, forwarded: Forwarded): Promise<void> {
  const { id, request, response } = forwarded
  const node = id.slice(id.indexOf('.') + 1)
  if (relay === undefined || node === '' || node === relay.node) {
    refuse(response, 400, 'unknownSession')
    return
  }
  const payload = request.method === 'POST' ? await bodyOf(request, forwarded.maxBytes) : undefined
  if (request.method === 'POST' && payload === undefined) {
    response.writeHead(413, { Connection: 'close' }).end()
    return
  }
  const question: Question = { id, ...(payload === undefined ? {} : { payload }) }
  try {
    const answer = JSON.parse(await relay.ask(node, JSON.stringify(question), longestMs)) as Answer
    if (!answer.isKnown) refuse(response, 400, 'unknownSession')
    else if (payload === undefined) sendPayload(response, answer.payload ?? '6')
    else response.writeHead(200, { 'Content-Type': 'text/html' }).end('ok')
  } catch {
    // What was on its way may be lost: the client is to notice, and come back for what it missed.
    refuse(response, 400, 'unknownSession')
  }
}

/** Does here what a client asked of another node. */
export async function answerRelayed(engine: Pick<EngineServer, 'find'>, text: string): Promise<string> {
  const { id, payload } = JSON.parse(text) as Question
  const session = engine.find(id)
  if (session === undefined) return JSON.stringify({ isKnown: false } satisfies Answer)
  if (payload !== undefined) return JSON.stringify({ isKnown: session.posted(payload) } satisfies Answer)
  const taken = await new Promise<string | undefined>((resolve) => {
    if (!session.polled({ answer: resolve })) resolve(undefined)
  })
  const answer: Answer = taken === undefined ? { isKnown: false } : { isKnown: true, payload: taken }
  return JSON.stringify(answer)
}
