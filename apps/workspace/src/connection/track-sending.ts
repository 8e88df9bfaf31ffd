import type { Client } from '@parley/client'
import type { Waiting } from './waiting.ts'

/** The same client; messages that it sends are counted until they are answered, whoever sends them. */
export function trackSending(client: Client, waiting: Waiting): Client {
  const chat: Client['chat'] = new Proxy(client.chat, {
    get(target, name) {
      const command = Reflect.get(target, name)
      if (name !== 'send') return command
      return (...given: Parameters<Client['chat']['send']>) => {
        const answer = target.send(...given)
        waiting.track(answer)
        return answer
      }
    },
  })
  return new Proxy(client, {
    get: (target, name) => (name === 'chat' ? chat : Reflect.get(target, name)),
  })
}
