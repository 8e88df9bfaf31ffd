/// <reference types="node" />
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OutboxStore, StoredRecord } from './outbox-store.ts'

/** A line of the file: something added or replaced, or places that are empty again. */
type Change =
  | { readonly put: StoredRecord }
  | { readonly gone: readonly number[] }
  | { readonly last: number }

/** The file is written anew when so many of its lines say nothing any more, and most of them. */
const idleLines = 1_000

/**
 * Keeps records in a file: each change is a line with a checksum, on disk (`fdatasync`) before it is promised. Changes
 * of one turn share a write. A line that a crash has cut off is dropped with the next start.
 *
 * @param path of the file; its folder is made. One process at a time: another one is refused.
 */
export function fileOutboxStore(path: string): OutboxStore {
  return new FileStore(path)
}

interface Line {
  readonly text: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

class FileStore implements OutboxStore {
  readonly #path: string
  readonly #records = new Map<number, StoredRecord>()
  #opened: Promise<FileHandle> | undefined
  #last = 0
  #lines = 0
  #queue: Line[] = []
  /** Work on the file, one thing after the other. */
  #work: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  async load(): Promise<readonly StoredRecord[]> {
    await this.#open()
    return [...this.#records.values()].toSorted((one, other) => one.seq - other.seq)
  }

  async add(record: Omit<StoredRecord, 'seq'>): Promise<number> {
    await this.#open()
    this.#last += 1
    const seq = this.#last
    await this.#write({ put: { ...record, seq } })
    return seq
  }

  async update(records: readonly StoredRecord[]): Promise<void> {
    await this.#open()
    const known = records.filter(({ seq }) => this.#records.has(seq))
    await Promise.all(known.map((put) => this.#write({ put })))
  }

  async remove(seqs: readonly number[]): Promise<void> {
    await this.#open()
    const gone = seqs.filter((seq) => this.#records.has(seq))
    if (gone.length > 0) await this.#write({ gone })
  }

  async clear(): Promise<void> {
    await this.#open()
    await this.remove([...this.#records.keys()])
    await this.#inTurn(() => this.#rewrite())
  }

  async close(): Promise<void> {
    await this.#work
    const handle = await this.#opened?.catch(() => undefined)
    if (handle === undefined) return
    this.#opened = undefined
    await handle.close()
    rmSync(`${this.#path}.lock`, { force: true })
  }

  #open(): Promise<FileHandle> {
    this.#opened ??= this.#read()
    this.#opened.catch(() => {
      this.#opened = undefined
    })
    return this.#opened
  }

  async #read(): Promise<FileHandle> {
    mkdirSync(dirname(this.#path), { recursive: true })
    takeLock(`${this.#path}.lock`)
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    const { changes, length } = parse(text, this.#path)
    for (const change of changes) this.#apply(change)
    this.#lines = changes.length
    const handle = await open(this.#path, 'a')
    // What was cut off would run into the next line.
    await handle.truncate(length)
    await handle.sync()
    await syncFolder(this.#path)
    return handle
  }

  #apply(change: Change): void {
    if ('put' in change) {
      this.#records.set(change.put.seq, change.put)
      this.#last = Math.max(this.#last, change.put.seq)
    } else if ('gone' in change) for (const seq of change.gone) this.#records.delete(seq)
    else this.#last = Math.max(this.#last, change.last)
  }

  /** Memory follows at once, so that what is asked next sees it; the promise waits for the disk. */
  #write(change: Change): Promise<void> {
    this.#apply(change)
    return new Promise((resolve, reject) => {
      this.#queue.push({ text: lineOf(change), resolve, reject })
      if (this.#queue.length === 1) void this.#inTurn(() => this.#flush())
    })
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#work.then(run)
    this.#work = done.catch(() => undefined)
    return done
  }

  async #flush(): Promise<void> {
    const batch = this.#queue
    this.#queue = []
    try {
      const handle = await this.#open()
      await handle.appendFile(batch.map(({ text }) => text).join(''))
      await handle.datasync()
      this.#lines += batch.length
      for (const { resolve } of batch) resolve()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    // The old file is as good as the new one.
    if (this.#lines > idleLines && this.#lines > 2 * this.#records.size)
      await this.#rewrite().catch(() => undefined)
  }

  /** A new file with what is left takes the place of the old one. */
  async #rewrite(): Promise<void> {
    const before = await this.#open()
    const temporary = `${this.#path}.new`
    const changes: Change[] = [{ last: this.#last }, ...[...this.#records.values()].map((put) => ({ put }))]
    const file = await open(temporary, 'w')
    await file.appendFile(changes.map(lineOf).join(''))
    await file.sync()
    await file.close()
    await rename(temporary, this.#path)
    await syncFolder(this.#path)
    this.#opened = open(this.#path, 'a')
    this.#lines = changes.length
    await before.close()
  }
}

function lineOf(change: Change): string {
  const text = JSON.stringify(change)
  return `${checksum(text)} ${text}\n`
}

/**
 * The changes in a text, and how much of it they take.
 *
 * @throws Error when something broken stands before something whole: that is no crash
 */
function parse(text: string, path: string): { readonly changes: readonly Change[]; readonly length: number } {
  const lines = text.split('\n')
  const whole = lines.slice(0, -1).map(read)
  const end = whole.indexOf(undefined)
  if (end >= 0 && whole.slice(end).some((change) => change !== undefined))
    throw new Error(`${path} is damaged in line ${end + 1}. Move it away to begin with an empty outbox.`)
  const kept = whole.slice(0, end < 0 ? undefined : end) as Change[]
  const length = kept.length === 0 ? 0 : Buffer.byteLength(`${lines.slice(0, kept.length).join('\n')}\n`)
  return { changes: kept, length }
}

function read(line: string): Change | undefined {
  const [sum, text] = [line.slice(0, 8), line.slice(9)]
  return checksum(text) === sum ? (JSON.parse(text) as Change) : undefined
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** @throws Error when another process that lives has the lock */
function takeLock(path: string): void {
  const take = (flag: 'w' | 'wx'): void => writeFileSync(path, String(process.pid), { flag })
  try {
    take('wx')
  } catch {
    const holder = Number(readFileSync(path, 'utf8'))
    if (holder !== process.pid && isAlive(holder))
      throw new Error(
        `Process ${holder} has this outbox open (${path}). Give each process a file of its own.`,
      )
    take('w')
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as { readonly code?: string }).code === 'EPERM'
  }
}

/** A new name is on disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r').catch(() => undefined)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}
