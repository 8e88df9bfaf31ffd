import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Unit } from '@parley/kernel'
import { openWriterConnection, type WriterConnection } from '../connection.ts'
import { type Fault, faultOf } from '../faults.ts'
import {
  type Flat,
  type FromWriter,
  readUnits,
  type ToWriter,
  type WriterStart,
  writeOutcome,
} from '../messages.ts'
import { learn } from '../sql/sql-texts.ts'
import { Statements } from '../sql/statements.ts'
import { BackgroundCheckpoints } from './background-checkpoints.ts'
import { Chores } from './chores.ts'
import { EventRows } from './event-rows.ts'
import { Group } from './group.ts'
import { Heads } from './heads.ts'
import { Transaction } from './transaction.ts'
import { Units } from './units.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

// The writing thread: the only place in the process that changes the database.

/** A group takes what has arrived, up to so many messages or units. */
const group = { messages: 8, units: 4_096 }

/** What a probe writes to see that the disk has room again. */
const probeBytes = 262_144

const closing: Fault = { code: 'unavailable', message: 'The store is closing; this was not done.' }

interface Taken {
  readonly units: Unit[]
  /** So many of them, the first ones, were handed over before it was heard that writing had ended. */
  late: number
}

class Writer {
  readonly #port: MessagePort
  readonly #start: WriterStart
  readonly #connection: WriterConnection
  readonly #group: Group
  readonly #chores: Chores
  readonly #transaction: Transaction
  readonly #log: WriteAheadLog
  readonly #texts: string[] = []
  #fault: Fault | undefined
  #lastFault: Fault | undefined
  /** How often writing has ended. */
  #faults = 0
  #isClosing = false
  #timer: NodeJS.Timeout | undefined

  constructor(port: MessagePort, start: WriterStart) {
    this.#port = port
    this.#start = start
    this.#connection = openWriterConnection(start)
    const { database, seed, settings } = this.#connection
    const heads = new Heads(database, seed)
    const events = new EventRows(database, heads)
    this.#transaction = new Transaction(database, heads, events)
    this.#log = new WriteAheadLog(database, {
      maxPages: start.checkpointPages,
      background: new BackgroundCheckpoints(start),
    })
    const statements = new Statements(database)
    this.#group = new Group(this.#transaction, heads, new Units(database, statements, heads, events))
    const parts = { database, transaction: this.#transaction, heads, events, log: this.#log, statements }
    this.#chores = new Chores(parts, (id, result) => this.#tell({ kind: 'chore', id, result }))
    this.#chores.purgeAtStart()
    this.#tell({ kind: 'opened', seed, settings })
    port.on('message', (message: ToWriter) => this.#work(message))
    this.#setTimer()
  }

  #tell(message: FromWriter): void {
    this.#port.postMessage(message)
  }

  /** Runs until nothing is left to do: a group of all units that wait, then a slice of a chore, and so on. */
  #work(first?: ToWriter): void {
    for (let next = first; ; next = undefined) {
      const taken = this.#take(next)
      if (taken.units.length > 0) this.#commit(taken)
      if (this.#isClosing) return this.#close()
      if (!this.#stepChore() && taken.units.length === 0) break
    }
    this.#setTimer()
  }

  /** Reads what has arrived. */
  #take(first: ToWriter | undefined): Taken {
    const taken: Taken = { units: [], late: 0 }
    const { units } = taken
    let message = first ?? this.#receive()
    for (let left = group.messages; message !== undefined; message = this.#receive()) {
      if (message.kind === 'units') {
        learn(this.#texts, message.texts)
        units.push(...readUnits(message.units, this.#texts))
        if (message.faults < this.#faults) taken.late = units.length
      } else if (message.kind === 'chore') this.#chores.add(message.id, message.chore)
      else this.#isClosing = true
      left -= 1
      if (left === 0 || units.length >= group.units) break
    }
    return taken
  }

  #receive(): ToWriter | undefined {
    return receiveMessageOnPort(this.#port)?.message as ToWriter | undefined
  }

  /** Units that are late would overtake those behind which they were sent, and which are sent again. */
  #commit({ units, late }: Taken): void {
    const results: Flat = []
    const fault = this.#fault ?? (late > 0 ? this.#lastFault : undefined)
    const refused = this.#fault === undefined ? late : units.length
    if (fault !== undefined)
      for (let count = refused; count > 0; count--) writeOutcome(results, { status: 'failed', fault })
    if (refused < units.length) {
      const group = this.#group.commit(refused === 0 ? units : units.slice(refused))
      for (const outcome of group.outcomes) writeOutcome(results, outcome)
      if (group.fault !== undefined) this.#stop(group.fault)
    }
    this.#tell({ kind: 'results', results })
    if (this.#fault === undefined) this.#keepLogShort()
  }

  #keepLogShort(): void {
    try {
      this.#log.keepShort()
    } catch (error) {
      this.#stop(faultOf(error))
    }
  }

  /** Tells whether there may be more to do. */
  #stepChore(): boolean {
    // A full disk may have room again after a trim; a broken one takes nothing more.
    if (this.#fault !== undefined && this.#fault.heals === undefined) {
      this.#chores.abandon(this.#fault)
      return false
    }
    const outcome = this.#chores.step(this.#fault !== undefined)
    if (outcome === false) this.#chores.purge()
    if (typeof outcome === 'boolean') return outcome
    this.#stop(outcome)
    return this.#chores.isWaiting
  }

  #setTimer(): void {
    if (this.#timer !== undefined) return
    const { purgeInMs } = this.#chores
    if (this.#fault?.heals) this.#after(this.#start.probeIntervalMs, () => this.#probe())
    else if (this.#fault === undefined && purgeInMs !== undefined) this.#after(purgeInMs, () => undefined)
  }

  #after(delayMs: number, run: () => void): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      run()
      this.#work()
    }, delayMs)
  }

  #stop(fault: Fault): void {
    if (fault.stops === undefined || this.#fault !== undefined) return
    const { code, ...rest } = fault
    // Whatever this group's outcome was, units that come later are surely not stored.
    this.#fault = { ...rest, code: code === 'outcome_unknown' ? 'unavailable' : code }
    this.#lastFault = this.#fault
    this.#faults += 1
    this.#tell({ kind: 'health', fault: this.#fault })
  }

  /** Writes as much as a small group does, and takes writes again if that succeeds. */
  #probe(): void {
    const { database } = this.#connection
    try {
      this.#log.writeBack()
      this.#transaction.around(() =>
        database.exec(`INSERT OR REPLACE INTO parley_meta VALUES ('probe', zeroblob(${probeBytes}))`),
      )
      this.#transaction.around(() => database.exec("DELETE FROM parley_meta WHERE name = 'probe'"))
    } catch {
      return
    }
    this.#fault = undefined
    this.#tell({ kind: 'health' })
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#chores.purge()
    this.#chores.abandon(closing)
    try {
      this.#log.close()
      this.#log.truncate()
    } catch {
      // Nothing is lost: the next start reads the write-ahead log.
    }
    this.#connection.database.close()
    this.#port.close()
  }
}

if (parentPort !== null) {
  try {
    new Writer(parentPort, workerData as WriterStart)
  } catch (error) {
    const message: FromWriter = { kind: 'unopened', message: (error as Error).message }
    parentPort.postMessage(message)
  }
}
