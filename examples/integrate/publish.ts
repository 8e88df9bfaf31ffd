/** Tells everybody who follows an order what happened to it. Safe to repeat until it answers. */
export async function orderPaid(
  url: string,
  apiKey: string,
  order: { id: string; payment: string },
): Promise<number> {
  const answer = await fetch(`${url}/api/channels/order:${order.id}/events`, {
    method: 'POST',
    headers: {
      'x-api-key': apiKey,
      'content-type': 'application/json',
      'idempotency-key': `order-paid-${order.payment}`,
    },
    body: JSON.stringify({ type: 'order.paid', data: { payment: order.payment } }),
  })
  const result = await answer.json()
  if (!answer.ok) throw new Error(`${result.code}: ${result.message} ${new URL(result.help, url)}`)
  return result.offset
}
