import { expect, test } from 'vitest'
import { hrefOf, isChannelId, type Place, partsOf, placeIn } from './place.ts'

test.each<readonly [string, Place]>([
  ['#home', { page: 'home' }],
  ['#threads', { page: 'threads' }],
  ['#conversation:general', { page: 'conversation', channel: 'conversation:general' }],
  ['#conversation:general/17', { page: 'conversation', channel: 'conversation:general', message: 17 }],
  [
    '#conversation:general/members',
    { page: 'conversation', channel: 'conversation:general', panel: 'members' },
  ],
  ['#conversation:general/thread/4', { page: 'conversation', channel: 'conversation:general', thread: 4 }],
  [
    '#conversation:general/thread/4/9',
    { page: 'conversation', channel: 'conversation:general', thread: 4, message: 9 },
  ],
  ['#search', { page: 'search', query: {} }],
  ['#search?text=50%25+off&author=ada', { page: 'search', query: { text: '50% off', author: 'ada' } }],
  ['#join/V1StGXR8Z5jdHi6BmyT0', { page: 'join', token: 'V1StGXR8Z5jdHi6BmyT0' }],
  ['#channels', { page: 'channels' }],
  ['#chat:general', { page: 'channels', channel: 'chat:general' }],
  [`#chat:${encodeURI('日本')}`, { page: 'channels', channel: 'chat:日本' }],
])('%s is a place, and the place is that address', (hash, place) => {
  expect(placeIn(hash)).toEqual(place)
  expect(hrefOf(place)).toBe(hash)
})

test('what names no place leads home', () => {
  for (const hash of ['', '#nowhere', '#conversation:', '#conversation:../x', '#%', '#join', '#constructor'])
    expect(placeIn(hash)).toEqual({ page: 'home' })
  expect(placeIn('#conversation:general/nothing')).toEqual(placeIn('#conversation:general'))
  expect(placeIn('#conversation:general/thread/x')).toEqual(placeIn('#conversation:general'))
})

test('empty filters are not written into the address', () => {
  expect(hrefOf({ page: 'search', query: { text: 'x', author: '' } })).toBe('#search?text=x')
})

test('a channel id is what the server takes for one', () => {
  expect(['general', 'a.b', '日本', 'a=b+c@d~e:f'].every(isChannelId)).toBe(true)
  expect(['', '.a', 'a..b', 'a b', 'a/b', 'x'.repeat(161)].some(isChannelId)).toBe(false)
  expect(partsOf('chat:a:b')).toEqual({ kind: 'chat', id: 'a:b' })
})
