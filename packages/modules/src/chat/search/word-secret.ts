import type { ModuleServices } from '@parley/kernel'
import { type DigestKey, toDigestKey } from './digest.ts'

/** The key under which the words of this installation are digested. Copies of rows without it tell no words. */
export type WordSecret = DigestKey

const secretBits = 128

/** Loads the installation's secret, and makes one at first. Needed before the first message is sent. */
export async function loadWordSecret(
  services: Pick<ModuleServices, 'clock' | 'apps' | 'run' | 'query'>,
): Promise<WordSecret> {
  const stored = { sql: 'SELECT secret FROM chat_secret', parameters: [] }
  const [found] = await services.query(stored)
  if (found !== undefined) return toDigestKey(String(found.secret))
  const fresh = services.clock.secret(secretBits)
  await services.run(services.apps[0] ?? 'default', (ctx) =>
    ctx.write({
      sql: 'INSERT INTO chat_secret (secret) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM chat_secret)',
      parameters: [fresh],
    }),
  )
  const [made] = await services.query(stored)
  return toDigestKey(String(made?.secret))
}
