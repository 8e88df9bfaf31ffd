import { ParleyError } from '@parley/protocol'

/** Fails a check with a sentence. */
export function ok(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Error(`Does not hold: ${claim}.`)
}

/** Compares by content; a property that is undefined counts as absent. */
export function equal(actual: unknown, expected: unknown, claim: string): void {
  const [found, wanted] = [show(actual), show(expected)]
  if (found !== wanted)
    throw new Error(`Does not hold: ${claim}.\n  expected: ${cut(wanted)}\n  found:    ${cut(found)}`)
}

/** Waits for the refusal of a promise; `codes` are those allowed, none means any error. */
export async function refused(
  promise: Promise<unknown>,
  claim: string,
  codes: readonly string[] = [],
): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => ({ reason }),
  )
  ok(error !== undefined, `${claim} is refused`)
  if (codes.length === 0) return
  const code = error.reason instanceof ParleyError ? error.reason.code : `${error.reason}`
  ok(codes.includes(code), `${claim} is refused with ${codes.join(' or ')} (found: ${cut(code)})`)
}

/** The same text for the same content: keys sorted, bytes and big numbers spelled out. */
function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `bytes(${[...value].join(' ')})`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? `${value}`
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  fields.sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}: ${show(field)}`).join(', ')}}`
}

function cut(text: string): string {
  return text.length <= 2_000 ? text : `${text.slice(0, 2_000)}… (${text.length} characters)`
}
