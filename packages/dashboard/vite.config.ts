import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The API serves what is built here. While pages are worked on: `npm run dev -w packages/dashboard` beside `npm start`.
const api = { target: 'http://127.0.0.1:3000' };

export default defineConfig({
  plugins: [react()],
  html: { cspNonce: '__CSP_NONCE__' }, // the API puts a new number in its place with every answer
  build: { target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': api, '/dashboard-config.json': api } },
});
