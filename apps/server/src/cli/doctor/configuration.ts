import { type HealthCheck, ok, problem, warning } from './finding.ts'

export const configurationCheck: HealthCheck = {
  name: 'configuration',
  title: 'Configuration',
  look({ config, configProblem }) {
    if (config === undefined)
      return problem(
        configProblem ?? 'The configuration cannot be read.',
        'Correct what is named, then run `parley check-config`. `parley print-config` shows where values come from.',
      )
    const [note, ...others] = config.warnings
    if (note !== undefined)
      return warning([note, ...others].join(' '), 'Change it in the configuration, if it was not meant.')
    return ok(`The configuration is good: profile ${config.profile}, ${config.storageProvider} storage.`)
  },
}
