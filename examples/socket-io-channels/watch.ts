import { io } from 'socket.io-client'

/** What this client needs to know of an event beside its data. */
interface Origin {
  readonly channel: string
  readonly offset: number
  readonly by?: string
}

/** Shows what happens in a channel, and says something there; nothing is missed between two connections. */
export async function watch(
  url: string,
  { token, channel, show }: { token: string; channel: string; show: (line: string) => void },
) {
  const socket = io(url, { auth: { token } })
  const ask = async (event: string, input: unknown) => {
    const { ok, error } = await socket.timeout(10_000).emitWithAck(event, input)
    if (error !== undefined) throw new Error(`${error.code}: ${error.message}`)
    return ok
  }

  socket.on('message', (data: { text: string }, { by, offset }: Origin) =>
    show(`${offset} ${by ?? 'the server'}: ${data.text}`),
  )
  // A client that recovered is still subscribed, and gets what it missed.
  const ready = new Promise<void>((resolve, reject) => {
    socket.on('connect', () => {
      if (!socket.recovered) ask('subscribe', { channel, recent: 10 }).then(() => resolve(), reject)
    })
  })
  await ready
  return {
    say: (text: string) => ask('publish', { channel, data: { text } }),
    leave: () => socket.disconnect(),
  }
}
