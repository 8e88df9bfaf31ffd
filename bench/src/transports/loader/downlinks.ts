import { signToken } from '../../token.ts'
import type { Member } from './member.ts'

/** Subscribes a member to the channel and keeps it supplied; fulfilled when it is subscribed. */
export type Downlink = (member: Member, user: string) => Promise<void>

export const channel = 'room:crowd'

function opening(user: string): string {
  const connect = JSON.stringify({ op: 'connect', id: 1, token: signToken(user) })
  return `{}\n${connect}\n{"op":"subscribe","id":2,"channel":"${channel}"}`
}

/** Our streams: the link is opened, and what comes is counted. */
function stream(path: string): Downlink {
  return async (member, user) => {
    const response = await member.send('POST', path, { body: opening(user) })
    await new Promise<void>((resolve) => {
      let text = ''
      let name: object | undefined
      member.follow(response, (piece) => {
        if (piece.includes('"op":"ping"') && name !== undefined) void answerPing(member, name)
        if (name !== undefined) return
        text += piece
        if (!text.includes('"id":2,"ok"')) return
        name = { ...JSON.parse(/\{"op":"link".*?\}/.exec(text)?.[0] ?? '{}'), seq: 0 }
        resolve()
      })
    })
  }
}

async function answerPing(member: Member, name: { seq?: number }): Promise<void> {
  name.seq = (name.seq ?? 0) + 1
  const response = await member.send('POST', '/realtime/send', {
    body: `${JSON.stringify(name)}\n{"op":"pong"}`,
  })
  response.resume()
}

const polling: Downlink = async (member, user) => {
  let text = await member.whole(await member.send('POST', '/realtime/poll', { body: opening(user) }))
  const { link, secret } = JSON.parse(text.split('\n')[1] ?? '{}') as { link: string; secret: string }
  const next = async () => {
    const { seq: ack } = JSON.parse(text.split('\n', 1)[0] ?? '{}') as { seq: number }
    const body = JSON.stringify({ link, secret, ack })
    text = await member.whole(await member.send('POST', '/realtime/poll', { body }))
  }
  while (!text.includes('"id":2,"ok"')) await next()
  void (async () => {
    while (!member.isOver) await next()
  })().catch((error) => member.failed(String(error)))
}

/** Somebody who only listens, as an EventSource does. */
const listening: Downlink = async (member, user) => {
  const response = await member.send('GET', `/realtime/sse?channel=${channel}`, {
    headers: { authorization: `Bearer ${signToken(user)}` },
  })
  await new Promise<void>((resolve) =>
    member.follow(response, (piece) => piece.includes('event: subscribed') && resolve()),
  )
}

/** Engine.IO 4 by polling, with the handshake of Socket.IO 5. */
const socketIoPolling: Downlink = async (member, user) => {
  const path = '/socket.io/?EIO=4&transport=polling'
  const get = async (rest: string) => member.whole(await member.send('GET', `${path}${rest}`))
  const { sid } = JSON.parse((await get('')).slice(1)) as { sid: string }
  const post = async (body: string) => {
    const headers = { 'content-type': 'text/plain' }
    ;(await member.send('POST', `${path}&sid=${sid}`, { body, headers })).resume()
  }
  await post(`40${JSON.stringify({ token: signToken(user) })}`)
  await get(`&sid=${sid}`)
  await post(`420["subscribe","${channel}"]`)
  let text = ''
  while (!text.includes('430')) text = await get(`&sid=${sid}`)
  void (async () => {
    while (!member.isOver) if ((await get(`&sid=${sid}`)).split('\u001e').includes('2')) await post('3')
  })().catch((error) => member.failed(String(error)))
}

const nchanPath = '/sub/crowd'

const nchanStream: Downlink = async (member) => {
  const response = await member.send('GET', nchanPath, { headers: { accept: 'text/event-stream' } })
  member.follow(response)
}

/** Nchan's long polling: a request for each message, which says after which one. */
const nchanPolling: Downlink = async (member) => {
  const loop = async () => {
    let headers: Record<string, string> = {}
    while (!member.isOver) {
      const response = await member.send('GET', nchanPath, { headers })
      const { 'last-modified': modified = '', etag = '' } = response.headers
      await member.whole(response)
      headers = { 'if-modified-since': modified, 'if-none-match': etag }
    }
  }
  void loop().catch((error) => member.failed(String(error)))
}

/** How members of a crowd get what is published. */
export const downlinks = {
  sse: stream('/realtime/sse'),
  'http-stream': stream('/realtime/stream'),
  ...{ polling, listening },
  'socket.io polling': socketIoPolling,
  'nchan sse': nchanStream,
  'nchan polling': nchanPolling,
} as const satisfies Record<string, Downlink>

export type DownlinkName = keyof typeof downlinks
