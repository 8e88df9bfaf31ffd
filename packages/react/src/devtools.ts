'use client'

export { Devtools, type DevtoolsProps } from './devtools/devtools.tsx'
export { inspectedClient } from './devtools/inspected-client.ts'
