import { closeCodes, ParleyError } from '@parley/protocol'
import type { Connection } from '../ports/transport.ts'
import { equal, ok, refused } from './conformance/assert.ts'
import { type Cases, type DefineTest, defineCases, range } from './conformance/suite.ts'
import { type Peer, Recorder, type TransportSubject } from './conformance/transport-subject.ts'

/**
 * Defines a test for each guarantee of the port `Transport`. `open` gives a transport that has not been started; where
 * it waits for something that never comes, the runner's own time limit ends the test.
 */
export function checkTransport(test: DefineTest, open: () => Promise<TransportSubject>): void {
  defineCases(test, open, transportCases)
}

const ended = closeCodes.server_stopping

function send(connection: Connection, texts: readonly string[]): void {
  for (const text of texts) connection.send({ text })
}

/** A frame that says its number, `bytes` long. */
function frame(number: number, bytes = 0): string {
  return JSON.stringify({ op: 'test', number, filling: 'x'.repeat(bytes) })
}

/** Sends until the connection takes no more, and answers what was sent. */
function sendUntilBuffered({ connection }: Peer): string[] {
  const sent: string[] = []
  while (connection.bufferedBytes < 1_000_000 && sent.length < 400) {
    sent.push(frame(sent.length, 64_000))
    send(connection, sent.slice(-1))
  }
  ok(connection.bufferedBytes >= 1_000_000, 'what a stalled client does not take shows in `bufferedBytes`')
  return sent
}

async function started(subject: TransportSubject): Promise<Recorder> {
  const recorder = new Recorder(subject)
  await subject.transport.start(recorder.accept)
  return recorder
}

const transportCases: Cases<TransportSubject> = {
  async 'clients are refused before start and after stop'(subject) {
    const listener = { message: () => undefined, closed: () => undefined }
    await refused(subject.connect(listener), 'a client before start')
    const recorder = await started(subject)
    const { peer, caller } = await recorder.pair()
    peer.connection.close(ended, 'stopping')
    await recorder.until(() => peer.closed.length > 0 && caller.closed.length > 0)
    await subject.transport.stop()
    await refused(subject.connect(listener), 'a client after stop')
    equal(recorder.peers.length, 1, 'the node was not asked about them')
  },

  async 'the node is told who connects, and may refuse'(subject) {
    const recorder = new Recorder(subject)
    let isFull = true
    await subject.transport.start((connection, handshake) => {
      if (isFull) throw new ParleyError('unavailable', 'There are too many connections.')
      return recorder.accept(connection, handshake)
    })
    const listener = { message: () => undefined, closed: () => undefined }
    await refused(subject.connect(listener), 'a client too many')
    isFull = false
    const { peer } = await recorder.pair()
    equal(peer.handshake.transport, subject.transport.name, 'the handshake names the transport')
    ok(peer.handshake.ip.length > 0, 'the handshake has the address')
  },

  async 'messages arrive whole and in order, both ways'(subject) {
    const recorder = await started(subject)
    const { peer, caller } = await recorder.pair()
    const odd = ['👩‍👩‍👧‍👦 ‮abc‬', '\u0000\u001f', '\u2028', 'ü'.repeat(30_000)].map((text) =>
      JSON.stringify({ text }),
    )
    const texts = [...range(1, 500).map((number) => frame(number, number % 50)), ...odd]
    send(peer.connection, texts)
    for (const text of texts) caller.send(text)
    await recorder.until(() => caller.received.length >= texts.length && peer.received.length >= texts.length)
    equal(caller.received, texts, 'the client has what the node sent')
    equal(peer.received, texts, 'the node has what the client sent')
  },

  async 'one frame goes to many'(subject) {
    const recorder = await started(subject)
    const pairs = [await recorder.pair(), await recorder.pair(), await recorder.pair()]
    const frames = range(1, 20).map((number) => ({ text: frame(number) }))
    for (const shared of frames) for (const { peer } of pairs) peer.connection.send(shared)
    await recorder.until(() => pairs.every(({ caller }) => caller.received.length >= frames.length))
    for (const { caller } of pairs)
      equal(
        caller.received,
        frames.map(({ text }) => text),
        'each client has all',
      )
  },

  async 'corking changes neither content nor order'(subject) {
    const recorder = await started(subject)
    const { peer, caller } = await recorder.pair()
    const texts = range(1, 30).map((number) => frame(number))
    send(peer.connection, texts.slice(0, 10))
    peer.connection.cork()
    send(peer.connection, texts.slice(10, 20))
    peer.connection.uncork()
    send(peer.connection, texts.slice(20))
    peer.connection.uncork()
    await recorder.until(() => caller.received.length >= texts.length)
    equal(caller.received, texts, 'all arrive in order')
    equal(peer.connection.bufferedBytes, 0, 'nothing is held back')
  },

  async 'a stalled client fills only its own buffer, and gets everything when it reads'(subject) {
    const recorder = await started(subject)
    const [slow, quick] = [await recorder.pair(), await recorder.pair()]
    slow.caller.stall()
    const sent = sendUntilBuffered(slow.peer)
    send(quick.peer.connection, [frame(1)])
    await recorder.until(() => quick.caller.received.length > 0)
    equal(slow.peer.drains, [], 'a stalled connection has not drained')
    slow.caller.resume()
    await recorder.until(() => slow.peer.drains.length > 0 && slow.caller.received.length >= sent.length)
    ok(
      slow.caller.received.every((text, index) => text === sent[index]),
      'everything arrives in order',
    )
    equal(
      [slow.peer.drains[0], slow.peer.connection.bufferedBytes],
      [0, 0],
      'the node hears that nothing waits',
    )
  },

  async 'the node closes: what was sent before arrives, then the code'(subject) {
    const recorder = await started(subject)
    const { peer, caller } = await recorder.pair()
    const texts = range(1, 50).map((number) => frame(number))
    send(peer.connection, texts)
    peer.connection.close(ended, 'the end')
    peer.connection.close(1000, 'again')
    send(peer.connection, [frame(99)])
    peer.connection.cork()
    peer.connection.uncork()
    await recorder.until(() => peer.closed.length > 0 && caller.closed.length > 0)
    equal(caller.received, texts, 'everything sent before, nothing after')
    equal(caller.closed, [{ code: ended, reason: 'the end' }], 'the client hears code and reason, once')
    equal(peer.closed.length, 1, 'the node hears that it is over, once')
  },

  async 'the client closes: what it sent before arrives, then the code'(subject) {
    const recorder = await started(subject)
    const { peer, caller } = await recorder.pair()
    const texts = range(1, 50).map((number) => frame(number))
    for (const text of texts) caller.send(text)
    caller.close(1000, 'bye')
    await recorder.until(() => peer.closed.length > 0 && caller.closed.length > 0)
    equal(peer.received, texts, 'everything that the client sent')
    equal(peer.closed, [{ code: 1000, reason: 'bye' }], 'the node hears code and reason, once')
    send(peer.connection, [frame(99)])
    peer.connection.close(ended, 'late')
    equal(peer.connection.bufferedBytes, 0, 'nothing waits for a client that is gone')
  },

  async 'a broken connection is reported once, also with frames waiting'(subject) {
    const recorder = await started(subject)
    const [broken, other] = [await recorder.pair(), await recorder.pair()]
    broken.caller.stall()
    sendUntilBuffered(broken.peer)
    broken.caller.drop()
    await recorder.until(() => broken.peer.closed.length > 0)
    send(broken.peer.connection, [frame(99)])
    broken.peer.connection.close(ended, 'late')
    other.caller.send(frame(1))
    await recorder.until(() => other.peer.received.length > 0)
    equal([broken.peer.closed.length, broken.peer.received.length], [1, 0], 'closed once, nothing received')
    equal(other.peer.closed, [], 'others go on')
  },
}
