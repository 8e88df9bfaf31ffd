'use client'

export { RealtimeProvider, type RealtimeProviderProps, useClient } from './provider.tsx'
export { type Realtime, useRealtime } from './use-realtime.ts'
export { type ChannelState, useChannel, type UseChannelOptions } from './use-channel.ts'
export { type CommandState, type RunCommand, useCommand } from './use-command.ts'
export type { ChannelOptions, ChannelSnapshot, PublishOptions } from './channel-view.ts'
export type { OutgoingEvent } from './outgoing.ts'
