import type { IconName } from '@parley/look'

/** The pages of the console, in groups, in the order of the navigation. */
export const places = [
  {
    group: 'Now',
    pages: [
      { to: '/', label: 'Overview', icon: 'chart' },
      { to: '/nodes', label: 'Nodes', icon: 'system' },
      { to: '/connections', label: 'Connections', icon: 'link' },
      { to: '/closed', label: 'Closed connections', icon: 'leave' },
      { to: '/users', label: 'Users', icon: 'people' },
    ],
  },
  {
    group: 'Events',
    pages: [
      { to: '/channels', label: 'Channels', icon: 'channels' },
      { to: '/kinds', label: 'Kinds', icon: 'room' },
      { to: '/dead-letters', label: 'Dead letters', icon: 'mail' },
    ],
  },
  {
    group: 'Server',
    pages: [
      { to: '/modules', label: 'Modules', icon: 'reference' },
      { to: '/permissions', label: 'Permissions', icon: 'lock' },
      { to: '/keys', label: 'Keys', icon: 'key' },
      { to: '/settings', label: 'Settings', icon: 'settings' },
      { to: '/flags', label: 'Feature flags', icon: 'flag' },
    ],
  },
] as const satisfies readonly {
  readonly group: string
  readonly pages: readonly { readonly to: string; readonly label: string; readonly icon: IconName }[]
}[]
