import { expect, test } from 'vitest'
import { hmacSigner, nodeDigest } from './node.ts'

test('a signature is good for its text and its secret alone', () => {
  const signer = hmacSigner('a secret')
  const signature = signer.sign('text')
  // RFC 4231 has no such case; this is `printf text | openssl dgst -sha256 -hmac 'a secret'`.
  expect(Buffer.from(signature, 'base64url').toString('hex')).toBe(
    '1b66592f150403e9da0ae10d3cad89d4d5409015b35e9365aeb793e6339f3132',
  )
  expect(signer.isSigned('text', signature)).toBe(true)
  expect(signer.isSigned('text ', signature)).toBe(false)
  expect(hmacSigner('another').isSigned('text', signature)).toBe(false)
  for (const wrong of ['', 'x', signature.slice(1), `${signature}AA`])
    expect(signer.isSigned('text', wrong)).toBe(false)
})

test('digests are those of the standards', () => {
  const bytes = new TextEncoder().encode('abc')
  const hex = (text: string) => Buffer.from(text, 'base64').toString('hex')
  expect(hex(nodeDigest('md5', bytes))).toBe('900150983cd24fb0d6963f7d28e17f72')
  expect(hex(nodeDigest('sha1', bytes))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d')
  expect(hex(nodeDigest('sha256', bytes))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})
