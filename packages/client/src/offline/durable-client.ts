import { type CallOptions, ParleyError } from '@parley/protocol'
import type { DurableOutbox, OutboxClient } from './outbox.ts'

/**
 * The same client, whose calls of these commands go through an outbox: `client.chat.send(…)` and
 * `client.call('chat.send', …)` alike. `key` is the id in the outbox; a deadline (`timeoutMs`) is of no use here and
 * is refused.
 */
export function durableClient<C extends OutboxClient>(
  client: C,
  outbox: DurableOutbox,
  commands: readonly string[],
): C {
  const call: OutboxClient['call'] = (command, input, options = {}) =>
    commands.includes(command)
      ? send(outbox, command, { input, options })
      : client.call(command, input, options)
  const modules = new Map<string, object>()
  for (const name of new Set(commands.map((command) => command.slice(0, command.indexOf('.')))))
    modules.set(name, moduleOf(client, name, { call, commands }))
  return new Proxy(client, {
    get: (target, name) =>
      name === 'call' ? call : (modules.get(name as string) ?? Reflect.get(target, name)),
  })
}

interface Sent {
  readonly input: unknown
  readonly options: CallOptions
}

function send(outbox: DurableOutbox, command: string, { input, options }: Sent): Promise<unknown> {
  const { key, priority, timeoutMs } = options
  if (timeoutMs !== undefined)
    return Promise.reject(
      new ParleyError(
        'bad_request',
        `\`${command}\` goes through the outbox, which waits as long as it takes.`,
      ),
    )
  return outbox.send(command, input, { id: key, priority })
}

function moduleOf(
  client: object,
  module: string,
  { call, commands }: { readonly call: OutboxClient['call']; readonly commands: readonly string[] },
): object {
  return new Proxy(Reflect.get(client, module) as object, {
    get: (target, name) =>
      commands.includes(`${module}.${String(name)}`)
        ? (input: unknown, options?: CallOptions) => call(`${module}.${String(name)}`, input, options)
        : Reflect.get(target, name),
  })
}
