import type { Conditions } from '../../fault-proxy/conditions.ts'
import type { ProxiedLink } from '../../fault-proxy/proxied-link.ts'
import { flood, sleep, type World } from '../world.ts'

/** Something that goes wrong for a while. Fulfilled, when it is over, with how often it has happened. */
export type Fault = (world: World) => Promise<number>

/** Some links are reset: what was under way on them is lost. */
const reset: Fault = async ({ chance, proxy }) => {
  const links = chance.some(proxy.links, 0.5)
  for (const link of links) {
    link.reset()
    await sleep(chance.between(0, 30))
  }
  return links.length
}

/** Nobody reaches the server for a while. */
const cut: Fault = async ({ chance, proxy }) => {
  const { length } = proxy.links
  proxy.cut()
  await sleep(chance.between(300, 1_500))
  proxy.heal()
  return length
}

/** One side of a link is gone, and the other does not know. */
const halfOpen: Fault = async ({ chance, proxy }) => {
  const links = chance.some(proxy.links, 0.4)
  for (const link of links) link.halfOpen(chance.pick(['client', 'server']))
  await sleep(chance.between(1_000, 3_000))
  // Some find out by themselves, by the silence of the other side.
  for (const link of chance.some(links, 0.5)) link.reset()
  return links.length
}

/** Bytes take their time, and not always the same. */
const delay: Fault = ({ chance, proxy }) => {
  const way = { delayMs: chance.between(20, 300), jitterMs: chance.between(0, 400) }
  return during(chance.some(proxy.links, 0.5), { toServer: way, toClient: way }, chance.between(1_000, 3_000))
}

/** Messages come in pieces, cut anywhere. */
const pieces: Fault = ({ chance, proxy }) => {
  const way = { pieceBytes: chance.between(1, 90) }
  return during(chance.some(proxy.links, 0.4), { toServer: way, toClient: way }, chance.between(500, 1_500))
}

/** Bytes trickle through. */
const slowLink: Fault = ({ chance, proxy }) => {
  const way = { bytesPerSecond: chance.between(2_000, 30_000) }
  const links = chance.some(proxy.links, 0.3)
  return during(links, { toServer: way, toClient: way }, chance.between(1_500, 4_000))
}

/** Readers take nothing while much is published. */
const stalledReader: Fault = async (world) => {
  const { chance, proxy, actors } = world
  const links = chance.some(proxy.links, 0.4)
  const stalled = during(links, { toClient: { bytesPerSecond: 0 } }, chance.between(2_000, 5_000))
  const ballast = 'x'.repeat(30_000)
  for (let count = 0; count < 60; count++) {
    chance.pick(actors).publish(flood, ballast)
    await sleep(10)
  }
  return stalled
}

/** Applications are closed before they hear what became of their last calls, and opened again where they were. */
const reload: Fault = async ({ chance, proxy, actors }) => {
  const some = chance.some(actors, 0.3)
  const late = during(proxy.links, { toClient: { delayMs: chance.between(100, 300) } }, 300)
  await sleep(chance.between(50, 200))
  for (const actor of some) actor.shut()
  await late
  await sleep(chance.between(0, 1_200))
  for (const actor of some) actor.open()
  return some.length
}

async function during(links: readonly ProxiedLink[], conditions: Conditions, forMs: number): Promise<number> {
  for (const link of links) link.set(conditions)
  await sleep(forMs)
  for (const link of links) if (!link.isOver) link.set({})
  return links.length
}

export const linkFaults = {
  ...{ reset, cut, halfOpen, delay, pieces, slowLink, stalledReader, reload },
} satisfies Readonly<Record<string, Fault>>
