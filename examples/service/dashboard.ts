import { enterpriseWebSocketService as service } from '@parley/client/service'

/** Shows messages and figures of an endpoint. Answers what ends it. */
export async function openDashboard(
  show: (line: string) => void,
  showFigures: (sent: number, active: number) => void,
): Promise<() => Promise<void>> {
  const stops = [
    service.on('connection_open', ({ endpoint, protocol }) => show(`${endpoint} is open by ${protocol}`)),
    service.on('message', ({ message }) => show(`${message.user_id}: ${JSON.stringify(message.data)}`)),
    service.on('metrics_update', ({ messages, connections }) =>
      showFigures(messages.sent, connections.active),
    ),
  ]
  await service.connect('dashboard', { fallback_protocols: ['websocket', 'polling'], retry_attempts: 3 })
  return async () => {
    await service.disconnect('dashboard')
    for (const stop of stops) stop()
  }
}

/** Sends what somebody asks. Resolves when the server has it. */
export function ask(content: string): Promise<void> {
  return service.send('dashboard', {
    type: 'agent_message',
    data: { content },
    priority: 'normal',
    timestamp: new Date().toISOString(),
  })
}
