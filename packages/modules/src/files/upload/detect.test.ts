import { expect, test } from 'vitest'
import { decideType, type Evidence } from './detect.ts'

const decide = (over: Partial<Evidence> & { readonly text?: string }) => {
  const beginning = over.beginning ?? new TextEncoder().encode(over.text ?? 'x')
  return decideType({
    ...{ detected: undefined, declared: undefined, name: 'file', size: beginning.length },
    ...over,
    beginning,
  })
}

test.each<[what: string, evidence: Parameters<typeof decide>[0], type: string]>([
  ['bytes decide', { detected: 'image/png', declared: 'image/jpeg' }, 'image/png'],
  ['sound and film share their forms', { detected: 'video/mp4', declared: 'audio/mp4' }, 'video/mp4'],
  ['an Ogg is a sound', { detected: 'application/ogg', declared: 'audio/ogg' }, 'application/ogg'],
  [
    'a document is a ZIP',
    { detected: 'application/zip', declared: 'application/vnd.oasis.opendocument.text' },
    'application/vnd.oasis.opendocument.text',
  ],
  ['a ZIP is no page', { detected: 'application/zip', declared: 'text/html' }, 'application/zip'],
  [
    'an old document is a container',
    { detected: 'application/x-cfb', declared: 'application/msword' },
    'application/msword',
  ],
  ['text is text', { text: 'words' }, 'text/plain'],
  ['text may be of a kind of its own', { text: 'a,b', declared: 'text/csv' }, 'text/csv'],
  ['the ending of a name says as much', { text: '# title', name: 'readme.md' }, 'text/markdown'],
  ['text is not believed to be a document', { text: 'words', declared: 'application/pdf' }, 'text/plain'],
  [
    'a page is a page, whatever it says',
    { text: '\n<!DOCTYPE html><p>', declared: 'text/plain' },
    'text/html',
  ],
  ['a script in a page is a page', { text: 'x<script src=y>' }, 'text/html'],
  ['a drawing is a drawing', { text: '<svg onload=x>', declared: 'image/svg+xml' }, 'image/svg+xml'],
  [
    'a drawing with a head',
    { detected: 'application/xml', text: '<?xml?><svg>', name: 'a.svg' },
    'image/svg+xml',
  ],
  ['XML', { detected: 'application/xml', text: '<?xml?><a/>', declared: 'text/xml' }, 'text/xml'],
  [
    'a letter cut in two is a letter',
    { beginning: new TextEncoder().encode('ä').subarray(0, 1), text: 'ä' },
    'text/plain',
  ],
  [
    'no text, no form',
    { beginning: Uint8Array.of(0, 1, 2), declared: 'application/x-own' },
    'application/octet-stream',
  ],
  ['bytes that are no UTF-8', { beginning: Uint8Array.of(0xff, 0xfe, 0x41) }, 'application/octet-stream'],
  ['nothing', { beginning: new Uint8Array() }, 'text/plain'],
  ['nothing that claims to be something', { beginning: new Uint8Array(), name: 'a.png' }, 'text/plain'],
])('%s', (_what, evidence, type) => {
  expect(decide(evidence)).toEqual({ type })
})

test.each<[what: string, evidence: Parameters<typeof decide>[0], found: string]>([
  [
    'a program that calls itself a picture',
    { detected: 'application/x-msdownload', declared: 'image/png' },
    'application/x-msdownload',
  ],
  [
    'and by its name alone',
    { detected: 'application/x-msdownload', name: 'HOLIDAY.PNG' },
    'application/x-msdownload',
  ],
  ['a page that calls itself a picture', { text: '<html>', declared: 'image/gif' }, 'text/html'],
  [
    'noise that calls itself a film',
    { beginning: Uint8Array.of(0, 1), name: 'a.mp4' },
    'application/octet-stream',
  ],
  ['a picture that calls itself a film', { detected: 'image/png', declared: 'video/mp4' }, 'image/png'],
])('%s is a mismatch', (_what, evidence, found) => {
  expect(decide(evidence)).toEqual({ mismatch: found })
})
