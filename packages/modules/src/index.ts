export { authModule, type AuthOptions, type DevelopmentSignIn, type SignInClaims } from './auth/index.ts'
export {
  channelsModule,
  kindOptionsSchema,
  kindsSchema,
  type ChannelsOptions,
  type KindSettings,
} from './channels/index.ts'
export { flagsModule } from './flags/index.ts'
