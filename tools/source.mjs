// Runs TypeScript sources as they are.
import { superviseProcess } from './process.mjs'
import { root } from './runtime.mjs'

const flags = ['--conditions=parley-source', '--disable-warning=ExperimentalWarning']

/** Goes on as the program: the same process where the system can do that, a child in the foreground elsewhere. */
export async function becomeSource(args) {
  process.chdir(root)
  const command = [process.execPath, ...flags, ...args]
  if (process.execve && process.platform !== 'win32') process.execve(process.execPath, command, process.env)
  process.exit(await superviseProcess(command[0], command.slice(1)))
}

/** Arguments of Node that run these sources in a child process. */
export const sourceArguments = (args) => [...flags, ...args]
