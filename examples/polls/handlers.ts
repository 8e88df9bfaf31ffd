import type { Handlers } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { polls } from './contract.ts'
import { tally } from './rules.ts'
import { pollStore } from './store.ts'

export const handlers: Handlers<typeof polls> = {
  async open(ctx, { channel, poll, question, choices }) {
    const store = pollStore(ctx, channel, poll)
    const { poll: found, version } = await store.find()
    if (found !== undefined)
      throw new ParleyError('polls.exists', `Poll \`${poll}\` is open already. Choose another name.`)
    store.save({ choices, votes: {} }, version)
    ctx.append({ channel, type: 'polls.opened', data: { poll, question, choices } })
    return {}
  },

  async vote(ctx, { channel, poll, choice }) {
    const store = pollStore(ctx, channel, poll)
    const { poll: found, version } = await store.find()
    if (found === undefined) throw new ParleyError('not_found', `There is no poll \`${poll}\` in ${channel}.`)
    if (choice >= found.choices.length)
      throw new ParleyError(
        'polls.no_such_choice',
        `Poll \`${poll}\` has choices 0 to ${found.choices.length - 1}.`,
      )
    const votes = { ...found.votes, [ctx.user ?? 'back end']: choice }
    const counts = tally(found.choices.length, Object.values(votes))
    store.save({ ...found, votes }, version)
    ctx.append({ channel, type: 'polls.voted', data: { poll, votes: counts } })
    return { votes: counts }
  },
}
