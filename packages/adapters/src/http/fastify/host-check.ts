import { ParleyError } from '@parley/protocol'

const loopback = /^(localhost|[\w-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/**
 * For a server that listens on this machine only: refuses requests that name another host. A page elsewhere can make
 * its own name point here (DNS rebinding) and would then count as one of our own.
 *
 * @returns the refusal, or undefined when the request may pass
 */
export function foreignHost(listensOn: string, hostHeader: string | undefined): ParleyError | undefined {
  if (!loopback.test(listensOn) && listensOn !== '::1') return undefined
  const name = (hostHeader ?? '').replace(/:\d+$/, '')
  // Old clients and probes may give none; browsers always do.
  if (name === '' || loopback.test(name)) return undefined
  return new ParleyError(
    'forbidden',
    `This server listens for this machine only and does not know the host \`${name.slice(0, 100)}\`. Behind a proxy, set \`trustedProxies\`.`,
  )
}
