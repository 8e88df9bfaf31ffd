// The loader's process: runs what the benchmark asks for and answers with what it saw.
import { link } from '../link.ts'
import { type StalledAsk, stalledReader } from '../overload/stalled-load.ts'
import { type TiersAsk, tieredLoad } from '../overload/tiers-load.ts'
import { type ArchiveAsk, archive } from './archive.ts'
import { type ArrivalsAsk, arrivals } from './arrivals.ts'
import { type AssemblyAsk, assembly } from './assembly.ts'
import { type ChatSendAsk, chatSend } from './chat-send.ts'
import { type FanOutAsk, fanOut } from './fan-out.ts'
import { type HallAsk, hall } from './hall.ts'
import { type LedgerAsk, ledger } from './ledger.ts'
import { type OperatorAsk, operator } from './operator.ts'
import { comeBack, type MissAsk, miss, type ReturnAsk } from './return.ts'
import { type RoomsAsk, rooms } from './rooms.ts'
import { type PresenceAsk, presence, type TypingAsk, typing } from './state-latency.ts'
import { type TalkAsk, talk } from './talk.ts'

const runner = link(process, {
  fanOut: (ask: FanOutAsk) => fanOut(ask),
  rooms: (ask: RoomsAsk) => rooms(ask),
  arrivals: (ask: ArrivalsAsk) => arrivals(ask, () => runner.ask('collect')),
  ledger: (ask: LedgerAsk) => ledger(ask),
  miss: (ask: MissAsk) => miss(ask),
  comeBack: (ask: ReturnAsk) => comeBack(ask),
  chatSend: (ask: ChatSendAsk) => chatSend(ask),
  archive: (ask: ArchiveAsk) => archive(ask, (isOn) => runner.ask('stretch', isOn)),
  talk: (ask: TalkAsk) => talk(ask),
  hall: (ask: HallAsk) => hall(ask, (isOn) => runner.ask('stretch', isOn)),
  typing: (ask: TypingAsk) => typing(ask),
  presence: (ask: PresenceAsk) => presence(ask),
  stalledReader: (ask: StalledAsk) => stalledReader(ask, (isOn) => runner.ask('stretch', isOn)),
  tieredLoad: (ask: TiersAsk) => tieredLoad(ask),
  operator: (ask: OperatorAsk) => operator(ask),
  assembly: (ask: AssemblyAsk) => assembly(ask, (isOn) => runner.ask('stretch', isOn)),
})

process.once('disconnect', () => process.exit())
