export { authModule, type AuthOptions, type DevelopmentSignIn, type SignInClaims } from './auth/index.ts'
export {
  channelsModule,
  kindOptionsSchema,
  kindsSchema,
  type ChannelsOptions,
  type KindSettings,
} from './channels/index.ts'
export {
  badArguments,
  chatModule,
  type ChatOptions,
  type OpenRoom,
  type SlashAnswer,
  type SlashCall,
  type SlashCommand,
} from './chat/index.ts'
export { deliveryModule } from './delivery/index.ts'
export { flagsModule } from './flags/index.ts'
export { fileLimitDefaults, filesModule, type FileLimits, type FilesOptions } from './files/index.ts'
export {
  pusherModule,
  webhookEventNames,
  type PusherDesk,
  type PusherModule,
  type PusherModuleOptions,
  type Webhook,
} from './pusher/index.ts'
export { typingModule, type TypingLimits, type TypingModule } from './typing/index.ts'
export { presenceModule, type PresenceOptions } from './presence/index.ts'
export { operationsModule, type OperationsOptions } from './operations/index.ts'
export type { KeySummary, Setting } from './operations/model.ts'
export {
  socketsModule,
  type SocketRecords,
  type SocketsModule,
  type SocketsOptions,
} from './sockets/index.ts'
