import { type ConnectionSnapshot, ParleyError } from '@parley/client'
import { expect, test } from 'vitest'
import { noticeOf } from './notice.ts'

const say = (
  connection: Partial<ConnectionSnapshot>,
  facts: { wasConnected?: boolean; isBack?: boolean; waiting?: number } = {},
) =>
  noticeOf({
    connection: { status: 'connecting', online: true, ...connection },
    ...{ wasConnected: true, isBack: false, waiting: 0 },
    ...facts,
  })

test('a connection that works is not worth a word, unless it was missed', () => {
  expect(say({ status: 'connected' })).toBeUndefined()
  expect(say({ status: 'connected' }, { isBack: true })).toEqual({
    tone: 'success',
    text: 'Connected again.',
  })
})

test('a lost connection says what waits, and can be hastened', () => {
  expect(say({})).toEqual({ tone: 'warning', text: 'Connection lost, trying again.', action: 'try_now' })
  expect(say({}, { waiting: 1 })?.text).toBe('Connection lost, trying again. 1 message waits.')
  expect(say({}, { waiting: 12 })?.text).toBe('Connection lost, trying again. 12 messages wait.')
  expect(say({}, { wasConnected: false })?.text).toBe('Connecting.')
})

test('without a network there is nothing to hasten', () => {
  expect(say({ online: false })).toEqual({
    tone: 'warning',
    text: 'No network. What you write now is sent when it is back.',
  })
  expect(say({ online: false }, { waiting: 2 })?.text).toBe('No network. 2 messages wait.')
})

test('a connection that was given up says why, and what can be done', () => {
  const ended = (error: ParleyError) => say({ status: 'disconnected', error })
  const revoked = new ParleyError('token_revoked')
  expect(ended(revoked)).toEqual({ tone: 'danger', text: revoked.message, action: 'sign_in' })
  expect(ended(new ParleyError('unauthenticated'))?.action).toBe('sign_in')
  expect(ended(new ParleyError('disconnected', 'An operator has closed the session.'))?.action).toBe(
    'connect',
  )
  expect(say({ status: 'disconnected' })).toBeUndefined()
})
