/** Owns how the UI is built and served while developing. Must not know what the UI does. */
import react from '@vitejs/plugin-react';
import type { ProxyOptions } from 'vite';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds raven-docs.
const DEV_SERVER = process.env.RAVEN_DOCS_URL ?? 'http://127.0.0.1:3000';

/** raven-docs answers to its own name only, so the proxy speaks in that name. */
const toServer: ProxyOptions = {
  target: DEV_SERVER,
  changeOrigin: true,
  configure: (proxy) => {
    proxy.on('proxyReq', (request) => request.setHeader('origin', DEV_SERVER));
    proxy.on('proxyReqWs', (request) => request.setHeader('origin', DEV_SERVER));
  },
};

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // The terminal is loaded when it is opened; what is above this many kB otherwise is a mistake.
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { '/api': toServer, '/socket.io': { ...toServer, ws: true } },
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    environment: 'node',
  },
});
