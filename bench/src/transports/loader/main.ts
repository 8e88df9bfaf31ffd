// The loader's process for transports: runs what the benchmark asks for and answers with what it saw.
import { link } from '../../link.ts'
import { type ConnectsAsk, connects } from './connects.ts'
import { type CrowdAsk, crowd } from './crowd.ts'

link(process, {
  crowd: (ask: CrowdAsk) => crowd(ask),
  connects: (ask: ConnectsAsk) => connects(ask),
})

process.once('disconnect', () => process.exit())
