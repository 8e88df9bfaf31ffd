import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  readonly folder: string
  readonly certFile: string
  readonly keyFile: string
  /** Both in one file, as HAProxy wants them. */
  readonly bothFile: string
  readonly cert: string
  readonly key: string
}

/** A certificate for this machine that signs itself. */
export function selfSigned(folder = mkdtempSync(join(tmpdir(), 'parley-tls-')), name = 'one'): Certificate {
  const [certFile, keyFile, bothFile] = ['cert', 'key', 'both'].map((part) =>
    join(folder, `${part}.pem`),
  ) as [string, string, string]
  const subject = ['-subj', `/CN=localhost/O=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-keyout', keyFile, '-out', certFile, ...subject],
    ],
    { stdio: 'ignore' },
  )
  const [cert, key] = [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')]
  writeFileSync(bothFile, cert + key)
  return { folder, certFile, keyFile, bothFile, cert, key }
}
