import { type Job, job } from '@parley/kernel'
import { z } from 'zod'
import { sql } from '../rows.ts'
import type { DueListener } from './scheduled-handlers.ts'
import type { Scheduled } from './scheduled-rows.ts'

/** Names the job among those of the module. */
export const sendScheduledJob = 'chat.sendScheduled'

const input = z.strictObject({ user: z.string(), id: z.string(), textAt: z.int() })

/** What the job is given for a message that could not be sent. */
export function sendScheduledInput({ user, id, textAt }: Scheduled): z.output<typeof input> {
  return { user, id, textAt }
}

/** Sends a scheduled message that was given up: it is due once more, unless its author has changed it since. */
export function sendScheduled(listener: DueListener): Job {
  return job<z.output<typeof input>>({
    summary: 'Sends a scheduled message that was given up.',
    input,
    run: (ctx, { user, id, textAt }) => {
      ctx.write(
        sql(
          `UPDATE chat_scheduled SET problem = NULL
            WHERE app = ? AND user = ? AND id = ? AND text_at = ? AND problem IS NOT NULL AND sending = 0`,
          ...[ctx.app, user, id, textAt],
        ),
      )
      ctx.whenCommitted(() => listener.noteDue(ctx.clock.now()))
    },
  })
}
