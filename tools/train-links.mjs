import { readFileSync, writeFileSync } from 'node:fs'
import { figuresOf } from '../tests/link-health/training/figures.ts'
import { readRecording } from '../tests/link-health/training/samples.ts'
import { train } from '../tests/link-health/training/train.ts'
import { silenceSource, weightsOf } from '../tests/link-health/training/weights.ts'

// `npm run train-links`: what predicts failures is made from the recording, judged on links that it has not seen, and
// written where the client has it; the figures go into the page that shows them.
const root = new URL('..', import.meta.url)
const say = (line) => void process.stdout.write(`${line}\n`)
const results = train(readRecording(new URL('tests/link-health/traces/links.jsonl.gz', root)), say)
writeFileSync(new URL('packages/client/src/health/failure-weights.ts', root), weightsOf(results))
writeFileSync(new URL('packages/protocol/src/health/silence-odds.ts', root), silenceSource(results.silence))

const page = new URL('docs/connection-health.md', root)
const [begin, end] = ['<!-- npm run train-links -->', '<!-- until here -->']
const text = readFileSync(page, 'utf8')
const [before, after] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))]
writeFileSync(page, `${before}\n\n${figuresOf(results)}\n\n${after}`)
say(`Ships: ${results.ships}. Run \`npm run format\` afterwards.`)
