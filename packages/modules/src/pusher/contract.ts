import { defineContract } from '@parley/protocol'

/** What back ends of Pusher are told of channels and members. It has no commands: the transport uses it. */
export const pusher = defineContract({
  name: 'pusher',
  summary: 'Webhooks of Pusher Channels.',
  commands: {},
  events: {},
})
