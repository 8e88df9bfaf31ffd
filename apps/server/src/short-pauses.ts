/**
 * What a burst of calls allocates while a process is young is in use when it is collected. V8 learns from that to make all
 * that is like it where only long collections look, and does not learn again.
 */
const flag = '--no-allocation-site-pretenuring'

/**
 * Goes on as the same program with this flag, which a process takes at its start only: does not return then. Returns
 * where it is set already, either way, and where a process cannot become another program.
 */
export function holdPausesShort(): void {
  if (process.execArgv.some((text) => /allocation[-_]site[-_]pretenuring/.test(text))) return
  // Who speaks to this process over a channel of Node's would be cut off.
  if (process.execve === undefined || process.platform === 'win32' || process.send !== undefined) return
  const command = [process.execPath, flag, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, command)
}
