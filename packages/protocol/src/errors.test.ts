import { describe, expect, test } from 'vitest'
import { errorStatus } from './error-status.ts'
import { type ErrorBody, errorEntry, errorRegistry, ParleyError } from './errors.ts'

describe('the registry', () => {
  test.each(Object.entries(errorRegistry))('%s has a name, a status and a sentence', (code, entry) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(errorStatus(code)).toBeGreaterThanOrEqual(400)
    expect(errorStatus(code)).toBeLessThan(600)
    expect(entry.summary).toMatch(/^[A-Z].*\.$/)
    expect(entry.summary).not.toMatch(/[!]|sorry|oops/i)
  })

  test('gives a module code the status of a conflict', () => {
    expect(errorEntry('chat.message_locked').retry).toBe('never')
    expect(errorStatus('chat.message_locked')).toBe(409)
  })

  test.each(['constructor', '__proto__', 'toString', ''])('does not know %j', (code) => {
    expect(errorEntry(code)).toBe(errorEntry('module.anything'))
  })
})

describe('an error', () => {
  test('says by itself what the registry says', () => {
    const error = new ParleyError('rate_limited')
    expect(error.message).toBe(errorRegistry.rate_limited.summary)
    expect(error).toMatchObject({
      name: 'ParleyError',
      code: 'rate_limited',
      retry: 'later',
      retryable: true,
    })
    expect(error.cause).toBeUndefined()
    expect('cause' in error).toBe(false)
  })

  test('keeps its cause for the log and off the wire', () => {
    const cause = new Error('disk')
    const error = new ParleyError('internal', 'It failed.', { cause })
    expect(error.cause).toBe(cause)
    expect(error.toBody()).toEqual({ code: 'internal', message: 'It failed.', retryable: true })
  })

  test('crosses the wire with what it carries', () => {
    const details = { limit: 'maxConnections', value: 5 }
    const body = new ParleyError('overloaded', 'Full.', { retryAfterMs: 250, details }).toBody()
    expect(body).toEqual({
      code: 'overloaded',
      message: 'Full.',
      retryable: true,
      retryAfterMs: 250,
      details,
    })
    const back = ParleyError.from(JSON.parse(JSON.stringify(body)))
    expect(back).toBeInstanceOf(ParleyError)
    expect(back.toBody()).toEqual(body)
  })

  test('crosses the wire with no more than it carries', () => {
    const body = new ParleyError('not_found', 'Gone.').toBody()
    expect(ParleyError.from(body).toBody()).toStrictEqual(body)
  })

  test('of a later server is judged by what that server says', () => {
    const body = {
      code: 'region_moving',
      message: 'Wait.',
      retryable: true,
      retryAfterMs: 9,
    } as unknown as ErrorBody
    expect(ParleyError.from(body)).toMatchObject({ retry: 'later', retryable: true, retryAfterMs: 9 })
    expect(ParleyError.from({ ...body, retryable: false }).retry).toBe('never')
  })

  test('of this version is judged by the registry', () => {
    const body: ErrorBody = { code: 'token_expired', message: 'Expired.', retryable: false }
    expect(ParleyError.from(body).retry).toBe('refresh')
    expect(new ParleyError('forbidden', undefined, { retry: 'later' }).retry).toBe('never')
  })

  test('of a module may be worth a repeat', () => {
    expect(new ParleyError('ai.model_busy', 'Busy.', { retry: 'later' }).toBody().retryable).toBe(true)
    expect(new ParleyError('ai.model_busy', 'Busy.').toBody().retryable).toBe(false)
  })
})
