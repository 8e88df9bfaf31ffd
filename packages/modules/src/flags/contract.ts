import { command, defineContract } from '@parley/protocol'
import { z } from 'zod'

const flag = z.object({ name: z.string(), on: z.boolean() })
const listed = flag.extend({
  meaning: z
    .string()
    .optional()
    .meta({ description: 'What it switches; absent where nothing depends on it yet.' }),
})

const list = command({
  summary: 'The feature flags of this server.',
  description: 'In the groups of the configuration. A change acts at once.',
  input: z.strictObject({}),
  output: z.object({ flags: z.array(listed) }),
  permission: 'anyone',
  rest: 'GET /flags',
  readOnly: true,
  example: {},
})

const set = command({
  summary: 'Switch a feature on or off, at once and on every node.',
  description:
    'Flags concern the whole server: only the app `default` may set them. A flag keeps its place over restarts.',
  input: z.strictObject({ name: z.string().min(1).max(64), on: z.boolean() }),
  output: flag,
  permission: { action: 'manage' },
  rest: 'PUT /flags/{name}',
  example: { name: 'eventBroadcasting', on: true },
})

/** Feature flags that act at run time. */
export const flags = defineContract({
  name: 'flags',
  summary: 'Feature flags, effective at run time.',
  commands: { list, set },
  events: {},
})
