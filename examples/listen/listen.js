import { createClient } from '/sdk/parley.js'

const signIn = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"Reader"}' }
const { token } = await (await fetch('/api/auth/sign-in', signIn)).json()
const client = createClient({ url: '/ws', token })
client.subscribe('chat:general', {
  recent: 10,
  onEvent: ({ data }) => document.querySelector('pre').append(`${data.text}\n`),
})
await client.connect()
