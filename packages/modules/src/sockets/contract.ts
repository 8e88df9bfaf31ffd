import { defineContract } from '@parley/protocol'

/** What clients of other protocols leave with the server while they are away. It has no commands: transports use it. */
export const sockets = defineContract({
  name: 'sockets',
  summary: 'Places of clients that may come back.',
  commands: {},
  events: {},
})
