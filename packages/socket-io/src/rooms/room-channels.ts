import { createHash } from 'node:crypto'

/** The kind of channels that rooms are. */
export const roomKind = 'sio'

const maxIdLength = 190
const maxRemembered = 10_000
const plain = /^[A-Za-z0-9_@+-]*$/

/** Text as a part of a channel's name: what may not stand there is written as `=` and two digits. */
function encode(text: string): string {
  if (plain.test(text)) return text
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const letter = String.fromCharCode(byte)
      return byte < 0x80 && plain.test(letter) ? letter : `=${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

function named(id: string): string {
  if (id.length <= maxIdLength) return `${roomKind}:${id}`
  return `${roomKind}:h${createHash('sha256').update(id).digest('hex')}`
}

/** Names the channels of a namespace. */
export class RoomChannels {
  /** All sockets of the namespace are in it. */
  readonly all: string
  readonly #id: string
  readonly #names = new Map<string, string>()

  constructor(namespace: string) {
    this.#id = `n${encode(namespace.slice(1))}`
    this.all = named(this.#id)
  }

  /** The channel of a room. */
  of(room: string): string {
    let name = this.#names.get(room)
    if (name === undefined) {
      name = named(`${this.#id}:r${encode(room)}`)
      if (this.#names.size >= maxRemembered) this.#names.clear()
      this.#names.set(room, name)
    }
    return name
  }

  /** The channel of one socket. */
  own(socket: string): string {
    return named(`${this.#id}:s${encode(socket)}`)
  }
}
