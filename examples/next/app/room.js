'use client'

import { useChannel } from '@parley/react'

/** `initial`: what the server has rendered; the subscription goes on behind it. */
export function Room({ channel, initial }) {
  const { events, outgoing, publish, status } = useChannel(channel, { initial })
  const send = (form) => publish({ text: form.get('text') })
  return (
    <main>
      <h1>{channel}</h1>
      <ol>
        {events.map(({ offset, data }) => (
          <li key={offset}>{data.text}</li>
        ))}
        {outgoing.map(({ id, data, error }) => (
          <li key={id}>
            {data.text} {error ? 'not sent' : '…'}
          </li>
        ))}
      </ol>
      <form action={send}>
        <input name="text" aria-label="Message" required />
        <button type="submit">Send</button>
      </form>
      <p role="status">{status}</p>
    </main>
  )
}
