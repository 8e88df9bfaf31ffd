import { type FlagName, type Flags, flagMeanings, implement, type Module } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { flags as contract } from './contract.ts'

/** The table that the node reads its flags from at start, among the records of the operator's app. */
const table = 'flags'
const operatorApp = 'default'

/** Module `flags`: shows and switches the flags that the node was made with; what was switched outlives a restart. */
export function flagsModule(flags: Flags): Module {
  return implement(contract, {
    handlers: {
      list: () => ({ flags: Object.entries(flags.list()).map(([name, on]) => describe(name, on)) }),
      set: (ctx, { name, on }) => {
        if (ctx.app !== operatorApp)
          throw new ParleyError(
            'forbidden',
            'Feature flags concern the whole server: only the app `default` may set them.',
          )
        if (!Object.hasOwn(flags.list(), name))
          throw new ParleyError(
            'not_found',
            `There is no feature flag \`${name}\`. \`flags.list\` names them all.`,
          )
        ctx.write({ table, key: name, value: JSON.stringify(on) })
        ctx.change({ type: 'flag', name, on })
        return { name, on }
      },
    },
  })
}

function describe(name: string, on: boolean) {
  const meaning = flagMeanings[name as FlagName]
  return { name, on, ...(meaning === undefined ? {} : { meaning }) }
}
