import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { chat } from './chat.ts'
import { compatibility } from './compatibility.ts'
import { operatorConsole } from './console/console.ts'
import { fanOut } from './fan-out.ts'
import { overload } from './overload/overload.ts'
import { pinning } from './pinned.ts'
import { runRounds } from './rounds.ts'
import { markdownOf, tableOf } from './table.ts'
import { transports } from './transports/transports.ts'

const usage = `npm run bench -- fanout | chat | overload | compatibility | transports | console [--json | --markdown] [--rounds N] [--quick] [--only SCENARIO[,…]]
                                    [--archive FOLDER] [--verbose]

  --json     one JSON object a line on standard output
  --markdown a table for the documentation
  --rounds   rounds in which every server has its turn (default 5)
  --quick    one short round: shows that everything runs, its figures are rough
  --only     fanout: crowd, rooms, arrivals, ledger, return, delay
             overload: stalled, tiers
             chat: send, archive, talk, hall, typing, presence
             compatibility: socket-io-crowd, socket-io-rooms, socket-io-arrivals, pusher-crowd, pusher-arrivals
             transports: sse, http-stream, listening, polling, connect
             console: overhead, list
  --archive  chat: keeps the archive of messages in this folder, or reads the one that is there
  --verbose  every sample on standard error`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    archive: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const benchmarks = {
  fanout: fanOut,
  chat: chat(values.archive),
  compatibility,
  transports,
  overload,
  console: operatorConsole,
}
const benchmark = benchmarks[positionals[0] as keyof typeof benchmarks]
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))

if (benchmark === undefined || !Number.isInteger(rounds) || rounds < 1) {
  console.error(usage)
  process.exit(2)
}
console.error(
  `Node ${process.version}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}, ${pinning}`,
)
const lines = await runRounds(benchmark, {
  rounds,
  isQuick: values.quick,
  only: values.only?.split(','),
  say: (text) => console.error(text),
  isVerbose: values.verbose,
})
if (values.json) for (const line of lines) console.log(JSON.stringify(line))
else console.log(values.markdown ? markdownOf(lines) : tableOf(lines))
process.exitCode = lines.some((line) => line.pass === false) ? 1 : 0
