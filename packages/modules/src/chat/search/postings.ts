import type { UnitValue, Write } from '@parley/kernel'
import { keyedDigest } from './digest.ts'
import type { WordSecret } from './word-secret.ts'
import { wordsOf } from './words.ts'

/** What search knows of a message. */
export interface Searchable {
  readonly author: string
  readonly text: string
  readonly mentions?: readonly string[] | undefined
  /** Found by their names. */
  readonly attachments?: readonly { readonly name: string }[] | undefined
}

/** Where a message stands: what its row in `chat_messages` says. */
export interface Place {
  readonly conv: number
  readonly at: number
  readonly seq: UnitValue
}

/** What a message may have beyond its words, as filters name it. */
export type Trait = 'file' | 'link' | 'pin' | 'reaction'

/**
 * What filters ask for is found as words are. No word begins with a colon.
 */
export const filterTerms = {
  any: ':any',
  author: (user: string): string => `:author ${user}`,
  mentions: (user: string): string => `:mentions ${user}`,
  has: (trait: Trait): string => `:has ${trait}`,
}

const link = /https?:\/\/\S/i

/** Everything of a message that words are looked for in. */
export function searchableText({ text, attachments = [] }: Pick<Searchable, 'text' | 'attachments'>): string {
  return attachments.length === 0 ? text : [text, ...attachments.map(({ name }) => name)].join('\n')
}

function termsOf(message: Searchable): Set<string> {
  const terms = new Set(wordsOf(searchableText(message)))
  terms.add(filterTerms.any)
  terms.add(filterTerms.author(message.author))
  for (const user of message.mentions ?? []) terms.add(filterTerms.mentions(user))
  if ((message.attachments?.length ?? 0) > 0) terms.add(filterTerms.has('file'))
  if (link.test(message.text)) terms.add(filterTerms.has('link'))
  return terms
}

/** The digest under which a term is looked up. */
export function termDigest(secret: WordSecret, term: string): number {
  return keyedDigest(secret, term)
}

function digests(secret: WordSecret, terms: Iterable<string>): string {
  const all: number[] = []
  for (const term of terms) all.push(keyedDigest(secret, term))
  return JSON.stringify(all)
}

function insert(secret: WordSecret, { conv, at, seq }: Place, terms: Iterable<string>): Write {
  return {
    sql: 'INSERT OR IGNORE INTO chat_words (word, conv, at, seq) SELECT value, ?, ?, ? FROM json_each(?)',
    parameters: [conv, at, seq, digests(secret, terms)],
  }
}

function remove(secret: WordSecret, { conv, at, seq }: Place, terms: Iterable<string>): Write {
  return {
    sql: `DELETE FROM chat_words
      WHERE conv = ? AND at = ? AND seq = ? AND word IN (SELECT value FROM json_each(?))`,
    parameters: [conv, at, seq, digests(secret, terms)],
  }
}

/** Makes a new message findable. One statement. */
export function postingWrites(secret: WordSecret, place: Place, message: Searchable): readonly Write[] {
  return [insert(secret, place, termsOf(message))]
}

/** Makes an edited message findable by its new words, and no longer by those that are gone. At most two statements. */
export function postingChanges(
  secret: WordSecret,
  place: Place,
  { before, after }: { readonly before: Searchable; readonly after: Searchable },
): readonly Write[] {
  const old = termsOf(before)
  const now = termsOf(after)
  const gone = [...old].filter((term) => !now.has(term))
  const fresh = [...now].filter((term) => !old.has(term))
  return [
    ...(gone.length === 0 ? [] : [remove(secret, place, gone)]),
    ...(fresh.length === 0 ? [] : [insert(secret, place, fresh)]),
  ]
}

/** Makes a deleted message unfindable: `message` is what it was last. One statement. */
export function postingRemovals(secret: WordSecret, place: Place, message: Searchable): readonly Write[] {
  const terms = termsOf(message)
  terms.add(filterTerms.has('pin'))
  terms.add(filterTerms.has('reaction'))
  return [remove(secret, place, terms)]
}

const tables = { pin: 'chat_pins', reaction: 'chat_reactions' } as const

/**
 * Brings up to date whether a message is found as pinned, or as having reactions. To be written behind what changes
 * the pin or the reactions.
 */
export function traitWrites(
  secret: WordSecret,
  trait: 'pin' | 'reaction',
  { conv, seq }: { readonly conv: number; readonly seq: number },
): readonly Write[] {
  const word = termDigest(secret, filterTerms.has(trait))
  const has = `EXISTS (SELECT 1 FROM ${tables[trait]} WHERE conv = ?2 AND seq = ?3)`
  const parameters = [word, conv, seq]
  return [
    {
      sql: `INSERT OR IGNORE INTO chat_words (word, conv, at, seq)
        SELECT ?1, conv, at, seq FROM chat_messages WHERE conv = ?2 AND seq = ?3 AND ${has}`,
      parameters,
    },
    {
      sql: `DELETE FROM chat_words WHERE word = ?1 AND conv = ?2 AND seq = ?3 AND NOT ${has}
        AND at = (SELECT at FROM chat_messages WHERE conv = ?2 AND seq = ?3)`,
      parameters,
    },
  ]
}
