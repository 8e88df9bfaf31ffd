import type { Context } from '@parley/kernel'

export interface Poll {
  readonly choices: readonly string[]
  readonly votes: Readonly<Record<string, number>>
}

/** The polls of an app, one record each: the version of the record tells whether somebody else voted meanwhile. */
export function pollStore(ctx: Context, channel: string, poll: string) {
  const key = `${channel}/${poll}`
  return {
    async find(): Promise<{ readonly poll: Poll | undefined; readonly version: number }> {
      const row = await ctx.record('polls', key)
      return {
        poll: row === undefined ? undefined : (JSON.parse(row.value) as Poll),
        version: row?.version ?? 0,
      }
    },
    save(changed: Poll, version: number): void {
      ctx.assert({ table: 'polls', key, version })
      ctx.write({ table: 'polls', key, value: JSON.stringify(changed) })
    },
  }
}
