import { createClient } from '@parley/client'
import { createApp } from 'vue'
import ChatRoom from './chat-room.vue'
import { clientKey } from './use-channel.js'

const headers = { 'content-type': 'application/json' }
async function getToken() {
  const response = await fetch('/api/auth/sign-in', { method: 'POST', headers, body: '{"name":"Vera"}' })
  return (await response.json()).token
}

const client = createClient({ url: '/ws', getToken })
createApp(ChatRoom).provide(clientKey, client).mount('#app')
void client.connect()
