import { type DeadLetter, implement, type Module, type ModuleServices } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { delivery } from './contract.ts'

const operatorApp = 'default'

/** Module `delivery`: dead letters for operators to look at, requeue and discard; counts of what was dropped. */
export function deliveryModule(): Module {
  let services: ModuleServices | undefined
  const shown = (letter: DeadLetter) => ({ ...letter, summary: services?.job(letter.job)?.summary ?? '' })
  return implement(delivery, {
    handlers: {
      deadLetters: async (ctx, { job, after, limit }) => {
        const { letters, next } = await ctx.jobs.deadLetters({ job, after, limit })
        return { letters: letters.map(shown), ...(next === undefined ? {} : { next }) }
      },
      deadLetter: async (ctx, { id }) => {
        const letter = await ctx.jobs.deadLetter(id)
        if (letter === undefined) throw new ParleyError('not_found', 'There is no such dead letter.')
        return shown(letter)
      },
      requeue: async (ctx, { id }) => {
        const { job } = await ctx.jobs.requeue(id)
        return { id, job }
      },
      requeueAll: async (ctx, { job, limit }) => {
        const { letters, next } = await ctx.jobs.deadLetters({ job, limit })
        const known = letters.filter((letter) => services?.job(letter.job) !== undefined)
        for (const { id } of known) await ctx.jobs.requeue(id)
        return { requeued: known.length, more: next !== undefined }
      },
      discard: async (ctx, { id }) => {
        await ctx.jobs.discard(id)
        return { id }
      },
      drops: (ctx) => {
        if (ctx.app !== operatorApp)
          throw new ParleyError(
            'forbidden',
            'What was dropped concerns the whole server: only the app `default` may see it.',
          )
        return { node: services?.node ?? '', drops: [...(services?.drops() ?? [])] }
      },
    },
    start: (given) => {
      services = given
    },
  })
}
