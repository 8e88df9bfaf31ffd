import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@parley/kernel/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Identity, readCertificate, watchCertificate } from './certificate.ts'

describe.runIf(spawnSync('openssl', ['version']).status === 0)('certificate and key', () => {
  let folder: string
  const file = (name: string) => join(folder, name)
  const pair = (name: string) => ({ certFile: file(`${name}.cert`), keyFile: file(`${name}.key`) })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-certificate-'))
    for (const name of ['one', 'two']) {
      const { certFile, keyFile } = pair(name)
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
      execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-subj', `/CN=${name}`], {
        stdio: 'ignore',
      })
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('what is wrong with them is said', () => {
    expect(readCertificate(pair('one')).cert).toContain('BEGIN CERTIFICATE')
    expect(() => readCertificate({ ...pair('one'), keyFile: file('none') })).toThrow(/tls\.keyFile.*ENOENT/)
    expect(() => readCertificate({ ...pair('one'), keyFile: pair('two').keyFile })).toThrow(/not that of/)
    writeFileSync(file('text'), 'text')
    expect(() => readCertificate({ ...pair('one'), certFile: file('text') })).toThrow(/as PEM/)
  })

  test('a change is taken once the two belong together', async () => {
    const current = { certFile: file('cert'), keyFile: file('key') }
    const [one, two] = [pair('one'), pair('two')]
    copyFileSync(one.certFile, current.certFile)
    copyFileSync(one.keyFile, current.keyFile)
    const renewed: Identity[] = []
    const warned: string[] = []
    const logger = { ...silentLogger, warn: (message: string) => warned.push(message) }
    const stop = watchCertificate(current, { renew: (made) => renewed.push(made), logger, everyMs: 10 })
    copyFileSync(two.certFile, current.certFile)
    await expect.poll(() => warned.length, { timeout: 15_000 }).toBe(1)
    expect(renewed).toEqual([])
    copyFileSync(two.keyFile, current.keyFile)
    await expect.poll(() => renewed, { timeout: 15_000 }).toEqual([readCertificate(two)])
    stop()
  })
})
