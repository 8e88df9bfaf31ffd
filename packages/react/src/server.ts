export type { ChannelStart } from './event-list.ts'
export { type ReadChannelOptions, readChannel } from './server/read-channel.ts'
