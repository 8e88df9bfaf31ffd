import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { ChannelsPage } from './channels/channels-page.tsx'
import { ClosedPage } from './connections/closed-page.tsx'
import { ConnectionsPage } from './connections/connections-page.tsx'
import { readParameters } from './data/use-parameters.ts'
import { DeadLettersPage } from './dead-letters/dead-letters-page.tsx'
import { FlagsPage } from './flags/flags-page.tsx'
import { KeysPage } from './keys/keys-page.tsx'
import { KindsPage } from './keys/kinds-page.tsx'
import { ModulesPage } from './modules/modules-page.tsx'
import { NodesPage } from './nodes/nodes-page.tsx'
import { OverviewPage } from './overview/overview-page.tsx'
import { Missing } from './page/missing.tsx'
import { PermissionsPage } from './permissions/permissions-page.tsx'
import { SettingsPage } from './settings/settings-page.tsx'
import { Shell } from './shell/shell.tsx'
import { UsersPage } from './users/users-page.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: Missing,
  validateSearch: readParameters,
})

const page = <Path extends string>(path: Path, component: ComponentType) =>
  createRoute({ getParentRoute: () => root, path, component: component as () => React.JSX.Element })

const routeTree = root.addChildren([
  page('/', OverviewPage),
  page('/nodes', NodesPage),
  page('/connections', ConnectionsPage),
  page('/closed', ClosedPage),
  page('/users', UsersPage),
  page('/channels', ChannelsPage),
  page('/kinds', KindsPage),
  page('/dead-letters', DeadLettersPage),
  page('/modules', ModulesPage),
  page('/permissions', PermissionsPage),
  page('/keys', KeysPage),
  page('/settings', SettingsPage),
  page('/flags', FlagsPage),
])

export function makeRouter() {
  return createRouter({ routeTree, basepath: '/console', defaultPreload: false })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
