import { backendsCheck } from './backends.ts'
import { clockCheck } from './clock.ts'
import { configurationCheck } from './configuration.ts'
import { dataCheck } from './data.ts'
import { diskCheck } from './disk.ts'
import type { HealthCheck } from './finding.ts'
import { keysCheck } from './keys.ts'
import { openFilesCheck } from './open-files.ts'
import { portCheck } from './port.ts'
import { proxyCheck } from './proxy.ts'
import { schemaCheck } from './schema.ts'
import { serverCheck } from './server.ts'

/** Every check, in the order in which they are made: what explains others comes first. */
export const checks: readonly HealthCheck[] = [
  ...[configurationCheck, keysCheck, portCheck],
  ...[dataCheck, diskCheck, schemaCheck],
  ...[openFilesCheck, serverCheck, clockCheck, backendsCheck, proxyCheck],
]
