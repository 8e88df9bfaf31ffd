'use client'

import { RealtimeProvider } from '@parley/react'

const getToken = async () => (await fetch('/token', { method: 'POST' })).text()

export function Live({ url, children }) {
  return (
    <RealtimeProvider url={url} getToken={getToken}>
      {children}
    </RealtimeProvider>
  )
}
