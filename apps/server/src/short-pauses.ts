import { shortPauseFlags } from '@parley/adapters/short-pauses'

/**
 * Goes on as the same program with the flags of V8 that keep pauses short, which a process takes at its start only: does
 * not return then. Returns where they are set already, either way, and where a process cannot become another program.
 */
export function holdPausesShort(): void {
  if (process.execArgv.some((text) => /allocation[-_]site[-_]pretenuring/.test(text))) return
  // Who speaks to this process over a channel of Node's would be cut off.
  if (process.execve === undefined || process.platform === 'win32' || process.send !== undefined) return
  const command = [process.execPath, ...shortPauseFlags, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, command)
}
