import '@mantine/core/styles.css';
import './app/app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { createBackend } from './app/create-backend.ts';
import { StartFailure } from './app/start-failure.tsx';
import { readConfig } from './lib/read-config.ts';
import { announceNonce } from './lib/style-nonce.ts';

announceNonce();
const element = document.querySelector('#root');
if (element === null) throw new Error('index.html has no element with the id "root"');
const root = createRoot(element);
try {
  const config = await readConfig();
  root.render(
    <StrictMode>
      <App backend={createBackend(config)} />
    </StrictMode>,
  );
} catch (error) {
  root.render(<StartFailure error={error} />);
}
