import { ParleyError } from '@parley/protocol'
import type { Words } from '../store.ts'

/** What the header Upload-Metadata says of a file: pairs of a name and a value in base64. Other names are passed over. */
export function readMetadata(header: string): { name: string; type?: string; purpose?: string } {
  const values = new Map<string, string>()
  for (const pair of header.split(',')) {
    const [name = '', value = ''] = pair.trim().split(' ')
    if (name !== '') values.set(name.toLowerCase(), decode(value))
  }
  const type = values.get('filetype') || values.get('type')
  const purpose = values.get('purpose')
  return {
    name: values.get('filename') || values.get('name') || 'file',
    // Browsers add parameters: `text/plain;charset=utf-8`.
    ...(type === undefined || type === '' ? {} : { type: type.split(';', 1)[0] as string }),
    ...(purpose === undefined || purpose === '' ? {} : { purpose }),
  }
}

/** The header for a file, as it was sent. */
export function metadataText({ name, type, purpose }: Words): string {
  const pairs = { filename: name, filetype: type, purpose }
  return Object.entries(pairs)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${encode(value)}`]))
    .join(',')
}

function decode(text: string): string {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ParleyError('bad_request', 'The header Upload-Metadata has values of UTF-8 text in base64.')
  }
}

function encode(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
