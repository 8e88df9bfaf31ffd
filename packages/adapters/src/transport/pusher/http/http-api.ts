import type { Http, HttpMethod, HttpResponse, HttpStreamRequest } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { cachedEvent } from '../cached-event.ts'
import type { ClusterView } from '../cluster-view.ts'
import { terminated } from '../event-batch.ts'
import type { PusherHub } from '../hub.ts'
import { type ChannelName, readChannelName, userChannelOf, userIdProblem } from '../names.ts'
import { Members } from '../people/members.ts'
import type { Keyring } from '../signatures.ts'
import { infoOf, ofOneChannel, readBatch, readTrigger, type Trigger } from './publications.ts'
import { readSigned, type SignedRequest } from './signed-request.ts'

export interface HttpApiParts {
  readonly keys: Keyring
  readonly hub: PusherHub
  readonly view: ClusterView
  readonly now: () => number
  /** For how long a cache channel has its newest event. */
  readonly cacheMs: number
  readonly requested: (what: string) => void
}

/** Ten events of 10 kB, each with its JSON escaped once more. */
const maxBodyBytes = 262_144

type Answer = (request: SignedRequest, path: Readonly<Record<string, string>>) => Promise<object>

/** The HTTP API of Pusher Channels below a path, as its server libraries ask it. */
export function mountHttpApi(http: Http, prefix: string, parts: HttpApiParts): void {
  const api = new HttpApi(parts)
  const add = (method: HttpMethod, path: string, what: string, answer: Answer) =>
    http.stream({
      method,
      path: `${prefix}/apps/{app}${path}`,
      maxBodyBytes: method === 'POST' ? maxBodyBytes : 0,
      handler: (request) => respond(request, parts, { what, answer }),
    })
  add('POST', '/events', 'events', (request) => api.trigger(request))
  add('POST', '/batch_events', 'batch_events', (request) => api.triggerBatch(request))
  add('GET', '/channels', 'channels', (request) => api.channels(request))
  add('GET', '/channels/{channel}', 'channel', (request, path) => api.channel(request, path.channel))
  add('GET', '/channels/{channel}/users', 'users', (request, path) => api.users(request, path.channel))
  add('POST', '/users/{user}/terminate_connections', 'terminate_connections', (request, path) =>
    api.terminate(request, path.user),
  )
}

async function respond(
  request: HttpStreamRequest,
  parts: HttpApiParts,
  { what, answer }: { readonly what: string; readonly answer: Answer },
): Promise<HttpResponse> {
  parts.requested(what)
  const body = await answer(await readSigned(request, parts), request.params)
  return { status: 200, body }
}

class HttpApi {
  readonly #parts: HttpApiParts

  constructor(parts: HttpApiParts) {
    this.#parts = parts
  }

  async trigger({ app, body }: SignedRequest): Promise<object> {
    const trigger = readTrigger(body)
    await this.#publish(app, [trigger])
    if (trigger.info.length === 0) return {}
    const told = await Promise.all(trigger.names.map((name) => this.#infoOf(app, name, trigger.info)))
    return { channels: Object.fromEntries(trigger.names.map((name, index) => [name, told[index]])) }
  }

  async triggerBatch({ app, body }: SignedRequest): Promise<object> {
    const triggers = readBatch(body)
    await this.#publish(app, triggers)
    if (triggers.every(({ info }) => info.length === 0)) return {}
    return {
      batch: await Promise.all(triggers.map(({ names: [name = ''], info }) => this.#infoOf(app, name, info))),
    }
  }

  async #publish(app: string, triggers: readonly Trigger[]): Promise<void> {
    const publications = triggers.flatMap((trigger) => trigger.publications)
    await this.#parts.hub.publish(app, publications, publications[0]?.channel ?? '')
  }

  async channels({ app, parameters }: SignedRequest): Promise<object> {
    const prefix = parameters.get('filter_by_prefix') ?? ''
    const info = infoOf(parameters.get('info'))
    if (info.includes('user_count') && !prefix.startsWith('presence-'))
      throw new ParleyError('bad_request', '`user_count` needs `filter_by_prefix` to begin with `presence-`.')
    const counts = await this.#parts.view.counts(app, prefix)
    const channels = Object.entries(counts).map(
      async ([name, count]) => [name, await this.#attributes(app, { name, count, info })] as const,
    )
    return { channels: Object.fromEntries(await Promise.all(channels)) }
  }

  async channel({ app, parameters }: SignedRequest, given: string | undefined): Promise<object> {
    const read = nameOf(given)
    const { name, hasMembers } = read
    const info = infoOf(parameters.get('info'), ofOneChannel)
    if (info.includes('user_count') && !hasMembers)
      throw new ParleyError('bad_request', '`user_count` is of channels with members: `presence-…`.')
    if (info.includes('cache') && !read.isCache)
      throw new ParleyError('bad_request', '`cache` is of channels that remember an event: `cache-…`.')
    const { [name]: count = 0 } = await this.#parts.view.counts(app, name)
    return {
      occupied: count > 0,
      ...(await this.#attributes(app, { name, count, info })),
      ...(info.includes('cache') ? await this.#cacheOf(app, read) : {}),
    }
  }

  /** What the channel remembers, and for how many seconds more. */
  async #cacheOf(app: string, name: ChannelName): Promise<object> {
    const { hub, now, cacheMs } = this.#parts
    const oldest = now() - cacheMs
    const cached = await cachedEvent(hub, { app, name, oldest })
    if (cached === undefined) return {}
    const data = typeof cached.data === 'string' ? cached.data : JSON.stringify(cached.data)
    return { cache: { event: cached.type, data, ttl: Math.ceil((cached.at - oldest) / 1_000) } }
  }

  async users({ app }: SignedRequest, given: string | undefined): Promise<object> {
    const name = nameOf(given)
    if (!name.hasMembers)
      throw new ParleyError('bad_request', 'Only channels with members, `presence-…`, have users.')
    return { users: (await this.#members(app, name)).list().map(({ id }) => ({ id })) }
  }

  async terminate({ app }: SignedRequest, user: string | undefined): Promise<object> {
    const problem = userIdProblem(user)
    if (problem !== undefined) throw new ParleyError('bad_request', problem)
    const channel = userChannelOf(user as string)
    await this.#parts.hub.publish(app, [{ channel, type: terminated, data: {} }], channel)
    return {}
  }

  async #infoOf(app: string, name: string, info: readonly string[]): Promise<object> {
    if (info.length === 0) return {}
    const { [name]: count = 0 } = await this.#parts.view.counts(app, name)
    return this.#attributes(app, { name, count, info })
  }

  async #attributes(
    app: string,
    about: { readonly name: string; readonly count: number; readonly info: readonly string[] },
  ): Promise<object> {
    const { name, count, info } = about
    const read = readChannelName(name)
    const hasMembers = typeof read !== 'string' && read.hasMembers
    return {
      ...(info.includes('user_count') && hasMembers
        ? { user_count: (await this.#members(app, read)).size }
        : {}),
      ...(info.includes('subscription_count') ? { subscription_count: count } : {}),
    }
  }

  async #members(app: string, { channel }: ChannelName): Promise<Members> {
    const members = new Members()
    members.replace(await this.#parts.hub.state(app, channel))
    return members
  }
}

function nameOf(given: string | undefined): ChannelName {
  const name = readChannelName(given)
  if (typeof name === 'string') throw new ParleyError('bad_request', name)
  return name
}
