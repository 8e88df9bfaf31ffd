/**
 * How V8 treats what is young. By its own measure, what a busy server has allocated within half a second is collected at
 * once, for 20 ms in which nobody is served; and a server that was busy once, so that what it allocated was in use when
 * it was collected, gets all that is like it where only long collections look. A collection that is shared among threads
 * ends when the last of them has had a processor.
 */
const flags = ['--max-semi-space-size=8', '--no-allocation-site-pretenuring', '--no-parallel-scavenge']

/**
 * Goes on as the same program with these flags, which a process takes at its start only: does not return then. Returns
 * where the first of them is set already, by whomever, and where a process cannot become another program.
 */
export function holdPausesShort(): void {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  if (given.some((text) => /semi[-_]space[-_]size/.test(text))) return
  // Who speaks to this process over a channel of Node's would be cut off.
  if (process.execve === undefined || process.platform === 'win32' || process.send !== undefined) return
  const command = [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, command)
}
