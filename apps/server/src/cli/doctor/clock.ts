import { type HealthCheck, ok, problem, skipped } from './finding.ts'

/** The server tells its time in whole seconds, and the way there takes some. */
const unsureMs = 1_000

/** Whether the clocks of the server and of this machine agree: tokens are judged by them. */
export const clockCheck: HealthCheck = {
  name: 'clock',
  title: 'Clock',
  look({ config, server, credentials }) {
    const allowedMs = config?.tokens.clockSkewMs ?? 5_000
    const early = credentials?.kind === 'token' ? issuedAheadMs(credentials.token) : undefined
    if (early !== undefined && early > allowedMs)
      return problem(
        `The token is from the future: it was issued ${inSeconds(early)} ahead of this clock.`,
        'Set the clock of the machine that signs tokens, and keep it set by NTP (`timedatectl`).',
      )
    if (server?.aheadMs === undefined) return skipped('No server answers whose clock could be compared.')
    const off = Math.abs(server.aheadMs)
    if (off <= allowedMs + unsureMs) return ok('The clock of the server agrees with this one.')
    return problem(
      `The clock of the server is ${inSeconds(off)} ${server.aheadMs > 0 ? 'ahead of' : 'behind'} the one here; ${inSeconds(allowedMs)} are allowed. Good tokens are refused.`,
      'Set the clocks of both machines, and keep them set by NTP (`timedatectl set-ntp true`).',
    )
  },
}

function issuedAheadMs(token: string): number | undefined {
  try {
    const { iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return typeof iat === 'number' ? iat * 1000 - Date.now() : undefined
  } catch {
    return undefined
  }
}

function inSeconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
