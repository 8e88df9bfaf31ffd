import { loadConfig } from '../../config.ts'
import { processLogger } from '../../logger.ts'
import { version } from '../../version.ts'
import { type CliCommand, exitCodes, type Invocation } from '../command.ts'
import { stopping, welcome } from '../welcome.ts'

/** Starts the server. */
export const serve: CliCommand = {
  name: 'serve',
  summary: 'Start the server.',
  details:
    'Runs until it is asked to stop by SIGINT (Ctrl-C) or SIGTERM: clients are told to go elsewhere, and what was accepted\n' +
    'is finished. A second signal stops at once.',
  examples: [
    ['parley', 'on http://127.0.0.1:3001, with data in ./data'],
    ['parley serve --profile production --config /etc/parley.yaml', 'for users'],
    ['parley serve --port 0 --storage-provider memory', 'on a free port, for trying things out'],
  ],
  exitCodes: { 130: 'stopped at once, by a second signal' },
  run: start,
}

async function start({ sources, terminal }: Invocation): Promise<number> {
  const config = loadConfig(sources)
  const logger = processLogger(config)
  for (const warning of config.warnings) logger.warn(warning)
  // What a server is made of is not loaded by the other commands.
  const { startServer } = await import('../../compose.ts')
  const server = await startServer(config, logger)
  const stopped = terminal.stopped()
  const speaks = config.logFormat === 'text'
  if (speaks) terminal.out(welcome(server, config))
  logger.info('The server is ready.', { url: server.url, profile: config.profile, version })
  await stopped
  if (speaks) terminal.out(stopping)
  await server.close()
  return exitCodes.done
}
