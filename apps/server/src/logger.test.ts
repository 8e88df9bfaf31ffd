import { expect, test } from 'vitest'
import { createLogger, type LoggerOptions } from './logger.ts'

function start(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return { logger: createLogger({ level: 'debug', format: 'json', ...options, destination }), lines }
}

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl'

test('no secret is written, by whatever name or in whatever text it comes', () => {
  for (const format of ['json', 'text'] as const) {
    const { logger, lines } = start({ format })
    logger.info(`Refused ${jwt}`, {
      token: 'hunter1',
      headers: { authorization: 'Bearer hunter2-hunter2', Cookie: 'a=hunter3', 'x-api-key': 'back:hunter4' },
      list: [{ clientSecret: 'hunter5', apiKey: 'hunter6', password: 'hunter7', signingKey: 'hunter8' }],
      url: 'https://ada:hunter9@example.org/ws?token=hunter10&x=1',
      note: `it said Authorization: Basic aHVudGVyMTE6aHVudGVyMTI= and ${jwt}`,
      error: new Error(`bad ${jwt}`, { cause: new Error('Bearer hunter13-hunter13') }),
    })
    logger.child({ secret: 'hunter14' }).warn('x')
    const written = lines.join('')
    expect(written).not.toMatch(/hunter|aHVudGVy|c2lnbmF0dXJl/)
    expect(written).toContain('[token]')
    expect(written).toContain('x=1')
  }
})

test('JSON lines have time, level, message and fields', () => {
  const { logger, lines } = start()
  logger.child({ node: 'n1' }).warn('Slow.', { ms: 5, big: 5n, cause: undefined })
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    node: 'n1',
    ms: 5,
    big: '5',
    msg: 'Slow.',
  })
})

test('text lines are for people, and nobody writes lines of their own into them', () => {
  const { logger, lines } = start({ format: 'text' })
  logger.info('Ready.', { url: 'http://x', note: 'two words' })
  logger.warn('one\n12:00:00 error forged')
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}Ready\. url=http:\/\/x note="two words"\n$/)
  expect(lines[1]?.split('\n')).toHaveLength(2)
  logger.error('Failed.', { error: new Error('disk') })
  expect(lines[2]).toMatch(/error Failed\.\nError: disk\n {4}at /)
})

test('what is below the level is not written, and what cannot be written does no harm', () => {
  const { logger, lines } = start({ level: 'warn' })
  logger.info('quiet')
  const circular: Record<string, unknown> = { bytes: new Uint8Array(3) }
  circular.self = circular
  logger.error('loud', { circular, run: () => 1 })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('[3 bytes]')
})
