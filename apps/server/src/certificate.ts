import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Logger } from '@parley/kernel'

/** Where certificate and key are, as PEM. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** What a server proves itself with. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

const lookMs = 5_000

/**
 * Reads certificate and key.
 *
 * @throws Error that says what to do, when a file cannot be read, or the two do not belong together
 */
export function readCertificate({ certFile, keyFile }: CertificateFiles): Identity {
  const cert = readFile(certFile, 'tls.certFile')
  const key = readFile(keyFile, 'tls.keyFile')
  let belongs: boolean
  try {
    belongs = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch (cause) {
    throw new Error(`${certFile} and ${keyFile} are to hold a certificate and its key as PEM.`, { cause })
  }
  if (!belongs) throw new Error(`The key in ${keyFile} is not that of the certificate in ${certFile}.`)
  return { cert, key }
}

function readFile(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`${setting}: the file cannot be read: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Calls `renew` when the files have changed and belong together; while they do not, the old ones stay. Links are
 * followed, so that a certificate may be exchanged as volumes of Kubernetes and certbot do it.
 *
 * @param everyMs how often the files are looked at
 * @returns ends the watch
 */
export function watchCertificate(
  files: CertificateFiles,
  {
    renew,
    logger,
    everyMs = lookMs,
  }: { renew: (identity: Identity) => void; logger: Logger; everyMs?: number },
): () => void {
  const paths = [files.certFile, files.keyFile]
  const changed = () => {
    try {
      renew(readCertificate(files))
      logger.info('New connections get the new certificate.', { certFile: files.certFile })
    } catch (error) {
      logger.warn('The certificate was not renewed; the old one stays.', { error: (error as Error).message })
    }
  }
  for (const path of paths) watchFile(path, { interval: everyMs, persistent: false }, changed)
  return () => {
    for (const path of paths) unwatchFile(path, changed)
  }
}
