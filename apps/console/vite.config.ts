import { compressedFiles, pageFrame } from '@parley/look/build'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

// `npm run dev`: Vite in front of a server that listens where `npm start` would.
const server = `http://127.0.0.1:${process.env.PORT ?? 3001}`

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  publicDir: '../../packages/look/public',
  plugins: [
    react(),
    pageFrame({ name: 'The console', description: 'What a Parley server does, for who runs it.' }),
    compressedFiles(),
  ],
  resolve: { conditions: ['parley-source', ...defaultClientConditions] },
  build: {
    // Browsers of 2024, as the workspace.
    target: ['chrome120', 'edge120', 'firefox121', 'safari17'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
  },
  server: {
    port: 5174,
    proxy: {
      '/api': server,
      '/ws': { target: server, ws: true },
    },
  },
})
