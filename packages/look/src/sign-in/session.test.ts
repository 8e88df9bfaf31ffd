import { afterEach, expect, test, vi } from 'vitest'
import { type Kept, keptFor, keptIn } from '../kept.ts'
import { signInByName, signInByToken } from './ask-for-token.ts'
import { tokenSource } from './renewal.ts'
import { type Session, SessionStore } from './session.ts'

/** A storage without a browser. */
function memory(): Kept {
  const items = new Map<string, string>()
  return keptIn(
    () =>
      ({
        getItem: (key: string) => items.get(key) ?? null,
        setItem: (key: string, value: string) => void items.set(key, value),
        removeItem: (key: string) => void items.delete(key),
      }) as Storage,
  )
}

const ada: Session = { token: 't1', user: 'ada', name: 'Ada', renewable: true, expiresAt: 1 }
const places = () => ({ tab: memory(), device: memory() })

/** Answers the next requests. */
function server(...answers: readonly (readonly [status: number, body: unknown] | Error)[]) {
  const left = [...answers]
  const requests: [string, RequestInit][] = []
  vi.stubGlobal('fetch', async (path: string, request: RequestInit) => {
    requests.push([path, request])
    const answer = left.shift()
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('Nobody asked for this.')
    return new Response(JSON.stringify(answer[1]), { status: answer[0] })
  })
  return requests
}
afterEach(() => vi.unstubAllGlobals())

test('a session lasts over a reload: in its tab, or on the device if one wishes so', () => {
  const kept = places()
  new SessionStore(kept).begin(ada, { keep: false })
  expect(new SessionStore(kept).current()).toEqual(ada)
  expect(new SessionStore({ ...kept, tab: memory() }).current()).toBeUndefined()
  const store = new SessionStore(kept)
  store.begin(ada, { keep: true })
  store.renew({ token: 't2', expiresAt: 2 })
  expect(new SessionStore({ ...kept, tab: memory() }).current()).toMatchObject({ token: 't2', expiresAt: 2 })
  store.end('The token was revoked.')
  expect(new SessionStore(kept).current()).toBeUndefined()
  expect(store.endedBecause()).toBe('The token was revoked.')
})

test('what is no session is none', () => {
  for (const kept of [7, null, {}, { token: '', name: 'Ada' }, { token: 't', name: 7 }]) {
    const tab = memory()
    tab.write('parley.session', kept)
    expect(new SessionStore({ tab, device: memory() }).current()).toBeUndefined()
  }
})

test('two people who share a browser do not see what the other keeps', () => {
  const all = memory()
  keptFor('ada', all).write('draft', 'secret')
  expect(keptFor('grace', all).read('draft')).toBeUndefined()
  expect(keptFor('ada', all).read('draft')).toBe('secret')
})

test('a token of sign-in by name is renewed when it has to be; another one ends', async () => {
  const store = new SessionStore(places())
  const getToken = tokenSource(store)
  await expect(getToken({ reason: 'connect' })).rejects.toMatchObject({ code: 'unauthenticated' })

  store.begin({ ...ada, expiresAt: Date.now() + 60_000 }, { keep: false })
  server([200, { token: 't2', user: 'ada', expiresAt: Date.now() + 60_000 }])
  expect(await getToken({ reason: 'connect' })).toBe('t1')
  expect(await getToken({ reason: 'refused' })).toBe('t2')
  expect(store.current()?.token).toBe('t2')

  store.begin({ ...ada, renewable: false }, { keep: false })
  await expect(getToken({ reason: 'connect' })).rejects.toThrow(/^The token expired at .+ Sign in again\.$/)
})

test('signing in by name and by token; refusals come as the server words them', async () => {
  const requests = server(
    [200, { token: 't', user: 'ada', expiresAt: 5 }],
    [200, { app: 'default', user: 'ada', role: 'user', profile: { name: 'Ada Lovelace' } }],
    [403, { code: 'disabled', message: 'Not in production.', retryable: false }],
    [502, 'bad gateway'],
    new Error('connection refused'),
  )
  expect(await signInByName('Ada')).toEqual({ ...ada, token: 't', expiresAt: 5 })
  expect(await signInByToken('jwt')).toEqual({
    token: 'jwt',
    user: 'ada',
    name: 'Ada Lovelace',
    renewable: false,
  })
  expect(requests[1]?.[1].headers).toEqual({ authorization: 'Bearer jwt' })
  await expect(signInByName('Ada')).rejects.toMatchObject({ code: 'disabled', message: 'Not in production.' })
  await expect(signInByName('Ada')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(signInByName('Ada')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(signInByToken('two words')).rejects.toMatchObject({ code: 'unauthenticated' })
})
