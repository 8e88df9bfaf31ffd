import { expect, test } from 'vitest'
import { detectFileType } from './file-type.ts'

const of = (...bytes: (number | string)[]) =>
  Buffer.concat(
    bytes.map((byte) => (typeof byte === 'string' ? Buffer.from(byte, 'latin1') : Buffer.of(byte))),
  )

test.each([
  ['image/png', of(0x89, 'PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0')],
  ['image/jpeg', of(0xff, 0xd8, 0xff, 0xe0)],
  ['image/gif', of('GIF89a')],
  ['application/pdf', of('%PDF-1.7')],
  ['application/x-msdownload', of('MZ', '\x90\0'.repeat(40))],
  ['application/x-elf', of(0x7f, 'ELF', '\x02\x01\x01', '\0'.repeat(60))],
  ['application/xml', of('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
  [undefined, of('plain words')],
  [undefined, of('<html><script>alert(1)</script></html>')],
  [undefined, of('')],
  [undefined, of(0x50, 0x4b)],
])('%s', async (type, beginning) => {
  expect(await detectFileType(beginning)).toBe(type)
})

test('no bytes make it throw', async () => {
  const heads = [of(0x50, 0x4b, 3, 4), of('RIFF'), of(0xff, 0xd8, 0xff), of('ID3'), of(0, 0, 0, 0x20, 'ftyp')]
  for (const head of heads)
    for (let length = 0; length < 64; length += 7)
      await detectFileType(Buffer.concat([head, Buffer.alloc(length, 0xff)]))
})
