import type { LogFields, Logger } from '@parley/kernel'
import { type DestinationStream, type Logger as Pino, pino } from 'pino'
import { withoutUrlPasswords } from './config/url-passwords.ts'

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** `json`: a line of JSON for each entry. `text`: for people. */
  readonly format: 'json' | 'text'
  readonly destination: DestinationStream
}

const secretName =
  /(authorization|cookie|token|secret|secretHash|password|(api|signing|private)[-_]?key)$|^key$/i
const secretText = [
  // A JWT, wherever it stands; the credentials of a request; a token or key in a query.
  [/\beyJ[\w-]{4,}\.[\w-]*\.[\w-]*/g, '[token]'],
  [/\b(Bearer|Basic|Key)\s+[\w.~+/=:-]{8,}/gi, '$1 [secret]'],
  [/([?&](?:token|access_token|key|secret|password)=)[^&\s"']+/gi, '$1[secret]'],
] as const
const maxDepth = 6

/** The logger of this process: text goes to stderr, where it does not mix with what the program says; JSON to stdout. */
export function processLogger(config: {
  readonly logLevel: LoggerOptions['level']
  readonly logFormat: LoggerOptions['format']
}): Logger {
  const destination = pino.destination({ dest: config.logFormat === 'text' ? 2 : 1, sync: false })
  return createLogger({ level: config.logLevel, format: config.logFormat, destination })
}

/** A logger that shows no secret: neither under a name that says so, nor in a text that looks like one. */
export function createLogger(options: LoggerOptions): Logger {
  const { level, format, destination } = options
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return wrap(
    pino(settings, format === 'json' ? destination : { write: (line) => destination.write(asText(line)) }),
  )
}

function wrap(target: Pino): Logger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields) => {
    if (!target.isLevelEnabled(level)) return
    target[level](fields === undefined ? {} : withoutSecrets(fields), cleanText(message))
  }
  return {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    child: (fields) => wrap(target.child(withoutSecrets(fields))),
  }
}

function withoutSecrets(fields: LogFields): Record<string, unknown> {
  return clean(fields, 0) as Record<string, unknown>
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return '[…]'
  if (value instanceof Error) return cleanError(value, depth)
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      secretName.test(name) && field !== undefined ? '[secret]' : clean(field, depth + 1),
    ]),
  )
}

function cleanError(error: Error, depth: number): unknown {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return {
    stack: cleanText(error.stack ?? error.message),
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined ? {} : { cause: clean(cause, depth + 1) }),
  }
}

function cleanText(text: string): string {
  return secretText.reduce<string>(
    (cleaned, [pattern, replacement]) => cleaned.replace(pattern, replacement),
    withoutUrlPasswords(text),
  )
}

// 12:03:04 info  Message  field=value
function asText(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const stack = stackOf(fields.error)
  const shown = Object.entries(fields)
    .filter(([name]) => name !== 'error' || stack === undefined)
    .map(
      ([name, value]) =>
        `${name}=${typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)}`,
    )
  // A line break in a message would let somebody write lines of their own.
  const message = String(msg).replace(/\p{Cc}+/gu, ' ')
  const trace = stack === undefined ? '' : `${stack}\n`
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${[message, ...shown].join(' ')}\n${trace}`
}

function stackOf(error: unknown): string | undefined {
  const stack = typeof error === 'object' && error !== null ? (error as { stack?: unknown }).stack : undefined
  return typeof stack === 'string' ? stack : undefined
}
