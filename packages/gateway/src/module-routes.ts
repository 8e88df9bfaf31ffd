import type { Http, HttpStreamRequest, ModuleRoute, Node, RouteCaller } from '@parley/kernel'
import { credentialsOf } from './credentials.ts'

/** Offers the routes of modules that take or give bytes as a stream. */
export function mountModuleRoutes(http: Http, node: Node, prefix: string): void {
  for (const { routes = [] } of node.registry.modules)
    for (const route of routes) mountRoute(http, node, { ...route, path: prefix + route.path })
}

function mountRoute(http: Http, node: Node, route: ModuleRoute): void {
  const { method, path, maxBodyBytes = 0 } = route
  http.stream({
    ...{ method, path, maxBodyBytes },
    handler: async (request) =>
      route.credentials === 'none'
        ? route.handler(request)
        : route.handler(request, await callerOf(node, request)),
  })
}

async function callerOf(node: Node, request: HttpStreamRequest): Promise<RouteCaller | undefined> {
  const credentials = credentialsOf(request.headers)
  if (credentials === undefined) return undefined
  const identity = await node.authenticate(credentials)
  const { ip, id: requestId } = request
  return { identity, call: (command, input) => node.call(identity, command, input, { ip, requestId }) }
}
