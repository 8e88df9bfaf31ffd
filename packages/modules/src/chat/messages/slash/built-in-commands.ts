import type { Context } from '@parley/kernel'
import { requireUser } from '../../caller.ts'
import { badArguments, type SlashAnswer, type SlashCall, type SlashCommand } from './slash-commands.ts'

/** Sends a text as the caller; a slash that it begins with is a slash. */
async function say(ctx: Context, call: SlashCall, text: string): Promise<SlashAnswer> {
  const { channel, thread, id } = call
  const sent = await ctx.call('chat.send', {
    channel,
    text: text.startsWith('/') ? `/${text}` : text,
    ...(thread === undefined ? {} : { thread }),
    ...(id === undefined ? {} : { id }),
  })
  return { seq: (sent as { readonly seq: number }).seq }
}

const me: SlashCommand = {
  name: 'me',
  summary: 'Say what you do.',
  usage: '/me waves',
  run: (ctx, call) => {
    if (call.args === '') throw badArguments(me)
    return say(ctx, call, `_${call.args}_`)
  },
}

const shrug: SlashCommand = {
  name: 'shrug',
  summary: 'Shrug, after some words if you like.',
  usage: '/shrug who knows',
  run: (ctx, call) => say(ctx, call, `${call.args} ¯\\\\\\_(ツ)\\_/¯`.trim()),
}

const topic: SlashCommand = {
  name: 'topic',
  summary: 'Change the topic of the conversation.',
  usage: '/topic words',
  run: async (ctx, { channel, args }) => {
    await ctx.call('chat.update', { channel, topic: args })
    return { text: args === '' ? 'The conversation has no topic now.' : 'The topic is changed.' }
  },
}

const invite: SlashCommand = {
  name: 'invite',
  summary: 'Invite users.',
  usage: '/invite @ada @grace',
  run: async (ctx, { channel, args }) => {
    const users = args.split(/[\s,]+/).flatMap((word) => word.replace(/^@/, '') || [])
    if (users.length === 0) throw badArguments(invite)
    const { invited } = (await ctx.call('chat.invite', { channel, users })) as { readonly invited: string[] }
    return { text: invited.length === 0 ? 'Nobody new was invited.' : `Invited: ${invited.join(', ')}.` }
  },
}

const leave: SlashCommand = {
  name: 'leave',
  summary: 'Leave the conversation.',
  usage: '/leave',
  run: async (ctx, { channel }) => {
    await ctx.call('chat.leave', { channel })
    return { text: 'You have left.' }
  },
}

const mute: SlashCommand = {
  name: 'mute',
  summary: 'Get no notifications from the conversation, or get them again.',
  usage: '/mute',
  run: async (ctx, { channel }) => {
    const { mine } = (await ctx.call('chat.get', { channel })) as {
      readonly mine?: { readonly notify: string }
    }
    const notify = mine?.notify === 'none' ? 'all' : 'none'
    await ctx.call('chat.setPreferences', { channel, notify })
    return {
      text: notify === 'none' ? 'You get no notifications from here.' : 'You get notifications again.',
    }
  },
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const remind: SlashCommand = {
  name: 'remind',
  summary: 'Send yourself a note later.',
  usage: '/remind 30m stretch',
  run: async (ctx, { args }) => {
    const [, amount, unit, text] = /^(\d{1,4})\s*([mhd])\s+([\s\S]+)$/.exec(args) ?? []
    if (amount === undefined || text === undefined || Number(amount) === 0) throw badArguments(remind)
    const user = requireUser(ctx)
    const notes = (await ctx.call('chat.direct', { users: [user] })) as { readonly channel: string }
    const dueAt = ctx.clock.now() + Number(amount) * units[unit as keyof typeof units]
    await ctx.call('chat.schedule', { channel: notes.channel, text, dueAt })
    return { text: `The note comes in ${amount} ${unit}.` }
  },
}

/** The slash commands that every server has. */
export const builtInCommands: readonly SlashCommand[] = [me, shrug, topic, invite, leave, mute, remind]
