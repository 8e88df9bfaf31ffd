import { type Config, loadConfig } from '../../config.ts'
import { type CliCommand, exitCodes } from '../command.ts'
import { table } from '../help.ts'

/** Checks the configuration. */
export const checkConfig: CliCommand = {
  name: 'check-config',
  summary: 'Check the configuration and show what it says.',
  details: 'Every mistake is named at once, with its place, what was expected, and where it was written.',
  examples: [
    ['parley check-config', 'the configuration that `parley serve` would run with here'],
    ['parley check-config --config new.yaml', 'another file, before it is put in place'],
  ],
  async run({ sources, isJson, terminal }) {
    const config = loadConfig(sources)
    terminal.out(isJson ? JSON.stringify(asJson(config), undefined, 2) : asText(config))
    return exitCodes.done
  },
}

function asJson({ profile, host, port, storageProvider, dataDir, ...config }: Config): object {
  return {
    ...{ ok: true, profile, host, port, storageProvider, dataDir, apps: config.apps },
    keys: config.keys.length,
    apiKeys: config.apiKeys.length,
    kinds: Object.keys(config.kinds),
    warnings: config.warnings,
  }
}

function asText(config: Config): string {
  const { profile, host, port, storageProvider, dataDir, apps, keys, apiKeys, kinds, warnings } = config
  const rows = [
    ['Profile', profile],
    ['Listens on', `${host}:${port}`],
    ['Storage', storageProvider === 'memory' ? 'memory' : `${storageProvider} in ${dataDir}`],
    ['Apps', apps.join(', ')],
    ['Keys', `${keys.length} that sign tokens, ${apiKeys.length} of back ends`],
    ['Kinds', Object.keys(kinds).join(', ') || 'none'],
  ]
  const notes = warnings.flatMap((warning) => ['', `Note: ${warning}`])
  return ['The configuration is good.', '', table(rows), ...notes].join('\n')
}
