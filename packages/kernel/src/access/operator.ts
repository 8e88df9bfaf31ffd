import type { Identity } from '../ports/authenticator.ts'

/** The app of who runs the server: what concerns the whole server is for its operators. */
export const operatorApp = 'default'

/** Whether an identity may look after the whole server: it is of the app `default` and may `manage` all of it. */
export function mayOperate({ app, grants }: Identity): boolean {
  if (app !== operatorApp) return false
  return grants.some(
    ({ pattern, actions }) => pattern === '*' && (actions.includes('manage') || actions.includes('*')),
  )
}
