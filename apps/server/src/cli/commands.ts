import type { CliCommand } from './command.ts'
import { backup } from './commands/backup.ts'
import { call } from './commands/call.ts'
import { checkConfig } from './commands/check-config.ts'
import { completionFor } from './commands/completion.ts'
import { contracts } from './commands/contracts.ts'
import { doctor } from './commands/doctor.ts'
import { keys } from './commands/keys.ts'
import { migrate } from './commands/migrate.ts'
import { printConfig } from './commands/print-config.ts'
import { publish } from './commands/publish.ts'
import { restore } from './commands/restore.ts'
import { serve } from './commands/serve.ts'
import { tail } from './commands/tail.ts'
import { token } from './commands/token.ts'

/** Every command; the first is run where none is named. */
export const commands: readonly CliCommand[] = [
  ...[serve, checkConfig, printConfig, doctor],
  ...[keys, token],
  ...[migrate, backup, restore],
  ...[tail, publish, call, contracts],
  completionFor(() => commands),
]
