/** What is known of a file whose type has to be found. */
export interface Evidence {
  /** Found by the form of the bytes. */
  readonly detected: string | undefined
  /** Said by who sent it. */
  readonly declared: string | undefined
  readonly name: string
  readonly beginning: Uint8Array
  readonly size: number
}

export type Verdict = { readonly type: string } | { readonly mismatch: string }

const unknown = 'application/octet-stream'

/** Endings of names that say as much as a declared type does. */
const endings: Readonly<Record<string, string>> = {
  ...{ apng: 'image/apng', avif: 'image/avif', gif: 'image/gif', jpeg: 'image/jpeg', jpg: 'image/jpeg' },
  ...{ png: 'image/png', svg: 'image/svg+xml', webp: 'image/webp', heic: 'image/heic' },
  ...{ mp3: 'audio/mpeg', m4a: 'audio/mp4', ogg: 'audio/ogg', wav: 'audio/wav', flac: 'audio/flac' },
  ...{ mp4: 'video/mp4', mov: 'video/quicktime', webm: 'video/webm', mkv: 'video/x-matroska' },
  ...{ csv: 'text/csv', md: 'text/markdown', txt: 'text/plain', json: 'application/json' },
  ...{ htm: 'text/html', html: 'text/html', js: 'text/javascript', mjs: 'text/javascript', xml: 'text/xml' },
}

/** Forms that many types share, and which of them a sender is believed. */
const containers: Readonly<Record<string, RegExp>> = {
  'application/zip': /^application\/(vnd\.|epub\+zip$|java-archive$|x-zip)/,
  'application/x-cfb': /^application\/(vnd\.ms-|msword$|x-ole)/,
  'application/xml': /^(text\/xml|application\/[\w.-]*\+?xml)$/,
}

const textTypes = /^(text\/|application\/(json|xml|yaml|x-yaml|toml|sql|rtf|[\w.-]+\+(json|xml|yaml))$)/

/**
 * The type of a file. The bytes decide; what the sender says is believed only where bytes cannot tell. A picture, a sound
 * or a film that is something else in truth is a mismatch.
 */
export function decideType({ detected, declared, name, beginning, size }: Evidence): Verdict {
  const claimed = declared?.toLowerCase() ?? endings[/\.(\w{1,5})$/.exec(name.toLowerCase())?.[1] ?? '']
  const found = detected === undefined ? byText(beginning, claimed) : byForm(detected, { claimed, beginning })
  const isMedia = claimed !== undefined && familyOf(claimed) !== undefined
  if (isMedia && size > 0 && familyOf(found) !== familyOf(claimed)) return { mismatch: found }
  return { type: found }
}

/** Sound and films share their forms. */
function familyOf(type: string): 'image' | 'media' | undefined {
  if (type.startsWith('image/')) return 'image'
  return /^(audio|video)\//.test(type) || type === 'application/ogg' ? 'media' : undefined
}

function byForm(
  detected: string,
  { claimed, beginning }: { readonly claimed: string | undefined; readonly beginning: Uint8Array },
): string {
  if (detected === 'application/xml' && /<svg[\s>]/i.test(text(beginning))) return 'image/svg+xml'
  if (claimed !== undefined && containers[detected]?.test(claimed)) return claimed
  return detected
}

function byText(beginning: Uint8Array, claimed: string | undefined): string {
  if (!isText(beginning)) return unknown
  const words = text(beginning).trimStart().toLowerCase()
  if (/<svg[\s>]/.test(words)) return 'image/svg+xml'
  if (/<(!doctype html|html|head|body|script|iframe|style)\b/.test(words)) return 'text/html'
  if (words.startsWith('<?xml')) return 'application/xml'
  return claimed !== undefined && textTypes.test(claimed) ? claimed : 'text/plain'
}

function isText(beginning: Uint8Array): boolean {
  // Control characters that no text has; tab, line feed, form feed, carriage return and escape are left out.
  if (beginning.some((byte) => byte < 9 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32))) return false
  try {
    // A letter that is cut in two at the end is no mistake.
    new TextDecoder('utf-8', { fatal: true }).decode(beginning, { stream: true })
    return true
  } catch {
    return false
  }
}

function text(beginning: Uint8Array): string {
  return new TextDecoder().decode(beginning)
}
