import type { Broadcast, BroadcastHome } from './broadcast.ts'
import type { Listener } from './events.ts'
import type { RemoteSocket } from './remote-socket.ts'
import type { Selection } from './rooms/rooms.ts'

/** Broadcasts in a family of namespaces: each goes to all members that this node knows of. */
export class NamespaceFamily implements BroadcastHome {
  readonly #members: BroadcastHome[] = []

  add(member: BroadcastHome): void {
    this.#members.push(member)
  }

  send(broadcast: Broadcast, args: readonly unknown[], ack: Listener | undefined): void {
    if (ack === undefined) for (const member of this.#members) member.send(broadcast, args, undefined)
    else this.#sendForAcks(broadcast, args, ack)
  }

  #sendForAcks(broadcast: Broadcast, args: readonly unknown[], ack: Listener): void {
    const answers: unknown[] = []
    let problem: unknown = null
    let open = this.#members.length
    if (open === 0) ack(null, [])
    for (const member of this.#members)
      member.send(broadcast, args, (error, some) => {
        problem ??= error
        answers.push(...(some as readonly unknown[]))
        open -= 1
        if (open === 0) ack(problem, answers)
      })
  }

  async fetch(selection: Selection): Promise<readonly RemoteSocket[]> {
    return (await Promise.all(this.#members.map((member) => member.fetch(selection)))).flat()
  }

  joinAll(selection: Selection, rooms: readonly string[]): void {
    for (const member of this.#members) member.joinAll(selection, rooms)
  }

  leaveAll(selection: Selection, rooms: readonly string[]): void {
    for (const member of this.#members) member.leaveAll(selection, rooms)
  }

  disconnectAll(selection: Selection, close: boolean): void {
    for (const member of this.#members) member.disconnectAll(selection, close)
  }
}
