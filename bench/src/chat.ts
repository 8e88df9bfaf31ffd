import { chatPlan } from './chat-plan.ts'
import { ArchiveFolder, hall, presence, send, talk, typing } from './chat-scenarios.ts'
import type { Benchmark } from './rounds.ts'
import { rows } from './scenarios.ts'

/**
 * Chat: sending, reading and searching an archive, many small conversations, one large.
 *
 * @param kept folder in which the archive stays for the next runs
 */
export function chat(kept: string | undefined): Benchmark {
  const archive = new ArchiveFolder(kept)
  return {
    plan: chatPlan,
    turns: {
      send: [
        { server: 'parley', run: send },
        { server: 'rows of bare node:sqlite', run: rows },
      ],
      archive: [{ server: 'parley', run: (scale) => archive.read(scale) }],
      talk: [{ server: 'parley', run: talk }],
      hall: [{ server: 'parley', run: hall }],
      typing: [{ server: 'parley', run: typing }],
      presence: [{ server: 'parley', run: presence }],
    },
    end: () => archive.remove(),
  }
}
