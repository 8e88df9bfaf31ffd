import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from '../../examples/react-chat/app.tsx'

/** The application of the guide, signed in as whom the address names. */
const name = new URLSearchParams(location.search).get('name') ?? 'Ada'

async function getToken(): Promise<string> {
  const response = await fetch('/api/auth/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  return ((await response.json()) as { readonly token: string }).token
}

document.body.textContent = ''
createRoot(document.body.appendChild(document.createElement('div'))).render(
  <StrictMode>
    <App getToken={getToken} />
  </StrictMode>,
)
